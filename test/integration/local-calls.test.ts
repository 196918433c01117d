/** Three manifests in, real calls out: `sbc local`, a real RTPEngine, two baresips, and sound in both directions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FQDN, PBX_HERTZ, PBX_NUMBER, TEAMS_HERTZ, TEAMS_NUMBER } from '../kit/ground.ts';
import { hears } from './local-observe.ts';
import { raiseSoundStage } from './local-stage.ts';

test('calls between Teams and a PBX carry sound both ways, whoever calls and whoever hangs up', async (t) => {
  const { sbc, pod, simulator, teams, pbx } = await raiseSoundStage(t);

  await t.test('each child says that it is ready, with its name, pid and addresses', () => {
    const ready = sbc.process.lines
      .map(
        (line) =>
          JSON.parse(line) as {
            event: string;
            container: string;
            pid: number;
            addresses: { use: string; address: string; port: number }[];
          },
      )
      .filter(({ event }) => event === 'ready');
    assert.deepEqual(ready.map(({ container }) => container).sort(), ['rtpengine', 'runtime']);
    for (const { pid } of ready) assert.equal(process.kill(pid, 0), true);
    const uses = ready.flatMap(({ addresses }) =>
      addresses.map(({ use, address, port }) => `${use} ${address}:${port}`),
    );
    assert.deepEqual(uses.sort(), [
      `TLS ${pod.address}:5061`,
      `UDP ${pod.address}:5060`,
      `http ${pod.address}:8080`,
      `ng ${pod.address}:2223`,
      `rtp ${pod.address}:30000`,
    ]);
  });

  await t.test('all three data centres get OPTIONS, and Microsoft sends its own', async () => {
    for (const host of ['sip2.pstnhub.microsoft.com', 'sip3.pstnhub.microsoft.com']) {
      await simulator.log.waitFor(
        (entry) => entry.dataCentre === host && entry.direction === 'received' && entry.message.method === 'OPTIONS',
      );
      const answered = await simulator.log.waitFor(
        (entry) =>
          entry.dataCentre === host &&
          entry.direction === 'received' &&
          entry.message.headers.cseq.method === 'OPTIONS' &&
          entry.message.status !== undefined,
      );
      assert.equal(answered.message.status, 200);
    }
  });

  for (const [from, by] of [
    ['teams', 'teams'],
    ['teams', 'pbx'],
    ['pbx', 'pbx'],
    ['pbx', 'teams'],
  ] as const) {
    const [caller, callee] = from === 'teams' ? [teams, pbx] : [pbx, teams];
    const title = `${from === 'teams' ? 'Teams calls the PBX' : 'the PBX calls Teams'}, and ${by === 'teams' ? 'Teams' : 'the PBX'} hangs up`;
    await t.test(title, async () => {
      const earlier = teams.recordings().heard.length;
      await caller.dial(from === 'teams' ? `sip:${PBX_NUMBER}@${FQDN}:5061` : `sip:${TEAMS_NUMBER}@${FQDN}:5060`);
      await Promise.all([caller.waitFor('CALL_ESTABLISHED'), callee.waitFor('CALL_ESTABLISHED')]);
      await Promise.all([hears(teams, PBX_HERTZ, earlier), hears(pbx, TEAMS_HERTZ, earlier)]);
      assert.equal((await pod.mediaSessions()).length, 1);
      assert.equal(await pod.metric('sbc_calls_active'), 1);
      await (by === 'teams' ? teams : pbx).hangUp();
      // baresip says so at once where it hangs up itself, and when the BYE comes where it does not.
      await Promise.all([teams.waitFor('CALL_CLOSED'), pbx.waitFor('CALL_CLOSED')]);
      await pod.isEmpty();
      const direction = from === 'teams' ? 'teams-to-pbx' : 'pbx-to-teams';
      const [call] = (await sbc.ask('calls')).split('\n');
      assert.match(call ?? '', new RegExp(`success, normal-clearing by ${by === from ? 'caller' : 'callee'}`));
      await pod.metricIs('sbc_calls_started_total', { direction }, by === from ? 1 : 2);
    });
  }

  await t.test(
    'the ladder shows both legs of the last call in clear text: SRTP over TLS here, RTP over UDP there, and no key',
    async () => {
      const ladder = await sbc.ask('ladder', '--messages');
      const parts = [
        /RTP\/SAVP/,
        /RTP\/AVP/,
        /SIP\/2\.0\/TLS/,
        /SIP\/2\.0\/UDP/,
        /\|-+ INVITE -+>\|/,
        /\|<-+ 200 OK -+\|/,
        /200 OK \(BYE\)/,
        /a=crypto:\d+ AES_CM_128_HMAC_SHA1_80/,
      ];
      for (const part of parts) assert.ok(part.test(ladder), `no ${String(part)}`);
      assert.ok(!/inline:[A-Za-z0-9+/]{8}/.test(ladder), 'a key');
      const legs = new Set(ladder.match(/^ *Call-ID: .*$/gim)?.map((line) => line.trim()));
      assert.equal(legs.size, 2, [...legs].join('\n'));
    },
  );

  await t.test('metrics and status tell what was: four calls, all cleared normally, none left', async () => {
    await pod.metricIs('sbc_calls_ended_total', { result: 'success', reason: 'normal-clearing' }, 4);
    await pod.metricIs('sbc_dialogs_active', {}, 0);
    assert.equal(await pod.metric('sbc_relay_available'), 1);
    assert.match(await sbc.ask('status'), /serving {2}0 calls/);
    const { calls, trunks } = await pod.status();
    assert.equal(calls.active, 0);
    assert.deepEqual(
      trunks.flatMap(({ targets }) => targets.map(({ state }) => state)),
      ['Up', 'Up', 'Up', 'Up'],
    );
  });

  await t.test('the SBC ends within its drain time once its calls are over', async () => {
    assert.equal(await sbc.stop(), 0);
  });
});
