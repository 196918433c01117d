/** OPTIONS over time: how often, to whom, for whom, and what the answers are worth (teams-direct-routing.md §2.1). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from 'sip';
import { render } from '../../teams-simulator/wire.ts';
import type { Party } from '../../kit/party.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { minutes, raise, scenario, seconds } from '../../kit/scenario.ts';
import { teamsParty, threeDataCentres, type Setup } from '../../kit/setups.ts';

const CONTACT = '<sip:sbc-0.example.com:5061;transport=tls>';
/** What a trunk that answers OPTIONS shows (teams-direct-routing.md §2.1, O9 and O10). */
const allowed = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'NOTIFY'];

/** Answers every OPTIONS that comes within `ms`, and keeps what came. */
async function collects(party: Party, ms: number, nowMs: () => number): Promise<{ atMs: number; message: Message }[]> {
  const untilMs = nowMs() + ms;
  const got: { atMs: number; message: Message }[] = [];
  for (;;) {
    const message = await party.gets('OPTIONS', { within: untilMs - nowMs() }).catch(() => undefined);
    if (!message) return got;
    got.push({ atMs: nowMs(), message });
    await party.sends(200, { for: 'OPTIONS' });
  }
}

const sbcSends = ({ ladder }: ReturnType<typeof raise>['world'], to: string): number[] =>
  ladder.rungs.filter((rung) => rung.to === to && rung.title === 'OPTIONS').map(({ atMs }) => atMs);

for (const periodSeconds of [60, 180]) {
  void test(`over ten minutes each of the three data centres gets OPTIONS 60 to 180 s apart: a period of ${periodSeconds} s`, async () => {
    const { stage, finish, world } = raise(threeDataCentres(periodSeconds));
    const { teamsOne, teamsTwo, teamsThree, time } = stage;
    const endMs = minutes(10);
    while (time.nowMs() < endMs - seconds(200)) {
      for (const teams of [teamsOne, teamsTwo, teamsThree]) {
        await teams.gets('OPTIONS', { within: seconds(200) });
        await teams.sends(200, { for: 'OPTIONS' });
      }
    }
    for (const teams of [teamsOne, teamsTwo, teamsThree]) await collects(teams, endMs - time.nowMs(), time.nowMs);
    for (const name of ['teamsOne', 'teamsTwo', 'teamsThree']) {
      const sentMs = sbcSends(world, name);
      assert.ok(sentMs.length >= 4 && (sentMs[0] ?? Infinity) <= seconds(2), `${name}: ${sentMs.join()}`);
      for (const [at, atMs] of sentMs.slice(1).entries()) {
        const pauseMs = atMs - (sentMs[at] ?? 0);
        assert.ok(pauseMs > seconds(60) && pauseMs < seconds(180), `${name}: ${pauseMs} ms`);
      }
    }
    await finish();
  });
}

const probing: Setup<'teams'> = {
  state: routingState({ trunks: [teamsTrunk({ options: { periodSeconds: 60 } }), pbxTrunk()] }),
  parties: { teams: teamsParty() },
};

scenario(
  'OPTIONS to Teams carry our FQDN in Contact, and say what we allow and support',
  probing,
  async ({ teams }) => {
    const message = await teams.gets('OPTIONS', { uri: 'sip:sip.pstnhub.microsoft.com:5061' });
    const text = render(message);
    assert.match(text, new RegExp(`^CONTACT: ${CONTACT}\r$`, 'm'));
    assert.match(text, /^FROM: <sip:sbc-0\.example\.com:5061>;tag=\S+\r$/m);
    assert.match(text, /^TO: <sip:sip\.pstnhub\.microsoft\.com:5061>\r$/m);
    const allow = String(message.headers['allow']).split(/, */);
    for (const method of allowed) assert.ok(allow.includes(method), `${method} in ${allow.join()}`);
    assert.match(String(message.headers['supported']), /^[-a-z0-9]+(, *[-a-z0-9]+)*$/);
    await teams.sends(200, { for: 'OPTIONS' });
  },
);

scenario('OPTIONS of Teams are answered with Contact, Allow, Supported and Accept', probing, async ({ teams }) => {
  await teams.sends('OPTIONS', { uri: 'sip:sbc-0.example.com:5061;transport=tls' });
  const message = await teams.gets(200, { within: seconds(1) });
  assert.match(render(message), new RegExp(`^CONTACT: ${CONTACT}\r$`, 'm'));
  const allow = String(message.headers['allow']).split(/, */);
  for (const method of allowed) assert.ok(allow.includes(method), `${method} in ${allow.join()}`);
  assert.match(String(message.headers['supported']), /^[-a-z0-9]+(, *[-a-z0-9]+)*$/);
  assert.equal(message.headers['accept'], 'application/sdp');
  await teams.gets('OPTIONS');
  await teams.sends(200, { for: 'OPTIONS' });
});

scenario(
  "Microsoft's answer as it was captured, in capitals and without a To tag, is taken",
  probing,
  async ({ teams, sbc }) => {
    const options = await teams.gets('OPTIONS');
    const { from, to, cseq, via } = options.headers;
    assert.equal(sbc.targets()[0]?.health.status, 'Unknown');
    // teams-direct-routing.md §7.1, with what the request decides put in.
    await teams.sendsText(
      [
        'SIP/2.0 200 OK',
        `FROM: <${from.uri}>;tag=${String(from.params['tag'])}`,
        `TO: <${to.uri}>`,
        `CSEQ: ${cseq.seq} OPTIONS`,
        `CALL-ID: ${options.headers['call-id']}`,
        `VIA: SIP/2.0/TLS ${via[0]?.host ?? ''}:${via[0]?.port ?? ''};branch=${String(via[0]?.params['branch'])}`,
        'CONTENT-LENGTH: 0',
        'ALLOW: INVITE,ACK,OPTIONS,CANCEL,BYE,NOTIFY',
        'SERVER: Microsoft.PSTNHub.SIPProxy v.2020.7.31.1 i.USWE2.3',
        '',
        '',
      ].join('\r\n'),
    );
    await teams.getsNothing(seconds(40));
    const health = sbc.targets()[0]?.health;
    assert.deepEqual([health?.status, health?.lastStatus], ['Up', 200]);
  },
);

const carrier: Setup<'teams'> = {
  state: routingState({
    trunks: [
      teamsTrunk({ name: 'carrier', options: { periodSeconds: 60 } }),
      teamsTrunk({ name: 'customer', fqdns: ['customer1.sbc-0.example.com'], options: { periodSeconds: 0 } }),
    ],
  }),
  parties: { teams: teamsParty() },
};

scenario(
  "A customer's trunk below a carrier's sends no OPTIONS: over five minutes only the carrier's FQDN is seen",
  carrier,
  async ({ teams, time }) => {
    const got = await collects(teams, minutes(5), time.nowMs);
    assert.equal(got.length, 5);
    for (const { message } of got) assert.match(render(message), new RegExp(`^CONTACT: ${CONTACT}\r$`, 'm'));
  },
);

const without: Setup<'teams'> = { state: routingState({ trunks: [pbxTrunk()] }), parties: { teams: teamsParty() } };

scenario('A trunk that comes while we run is probed within seconds', without, async ({ teams, sbc, time }) => {
  await teams.getsNothing(minutes(2));
  sbc.apply(probing.state);
  const appliedMs = time.nowMs();
  await teams.gets('OPTIONS', { within: seconds(3) });
  await teams.sends(200, { for: 'OPTIONS' });
  await teams.gets('OPTIONS', { within: seconds(63) });
  await teams.sends(200, { for: 'OPTIONS' });
  assert.ok(time.nowMs() - appliedMs < seconds(65));
  assert.equal(sbc.targets()[0]?.health.status, 'Up');
});

scenario('A trunk that goes is probed no more', probing, async ({ teams, sbc }) => {
  await teams.gets('OPTIONS');
  await teams.sends(200, { for: 'OPTIONS' });
  await teams.getsNothing(seconds(1));
  sbc.apply(without.state);
  await teams.getsNothing(minutes(5));
});
