/**
 * The timers of RFC 3261 §17 (table 4), RFC 6026 §8.4 and what the UAS core repeats (§13.3.1.4), on virtual time: a row
 * a timer, with what it does over UDP and over TLS. The machines' own tables stand in `transaction/*.test.ts`.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { responseTo } from '../../sbc-runtime/src/sip/response-to.ts';
import { ourRequest, peerRequest, peerResponse } from '../../sbc-runtime/src/transaction/testing/message-texts.ts';
import { RecordingClient, world, type World } from '../../sbc-runtime/src/transaction/testing/wire.ts';
import { rfc3261Timers } from '../../sbc-runtime/src/transaction/transaction-user.ts';
import { raise } from '../kit/scenario.ts';
import { oneTrunkEach } from '../kit/setups.ts';

type Protocol = 'UDP' | 'TLS';
/** Times in milliseconds from the beginning. */
type Play = (here: World) => string;

interface Row {
  readonly timer: string;
  /** The words of the RFC's table. */
  readonly meaning: string;
  readonly UDP: string;
  readonly TLS: string;
  readonly play: Play;
}

const DOUBLING = '0 500 1500 3500 7500 15500 31500';
const DOUBLING_TO_T2 = '0 500 1500 3500 7500 11500 15500 19500 23500 27500 31500';

/** When messages of this kind were sent. */
function times(here: World, what: string): string {
  const found = here.wire.take().filter((line) => line.endsWith(` ${what}`));
  return found.map((line) => line.slice(0, line.indexOf(' '))).join(' ');
}

/** Lets timers run until no transaction is left, and says when that was. */
function goneAt(here: World): string {
  while (here.layer.size > 0 && here.clock.runNext());
  return `gone at ${here.clock.nowMs()}`;
}

function asks(here: World, method: string) {
  const client = new RecordingClient();
  const request = ourRequest(method);
  const transaction = here.layer.request(request, here.hop, client);
  const answer = (status: number) => here.wire.receive(peerResponse(request, status));
  return { client, answer, transaction };
}

function isAsked(here: World, method: string) {
  here.wire.receive(peerRequest(method));
  const transaction = here.user.last();
  const answer = (status: number) => transaction.respond(responseTo(transaction.request, status, { toTag: 'us' }));
  return { answer, again: () => here.wire.receive(peerRequest(method)) };
}

const rows: readonly Row[] = [
  {
    timer: 'A',
    meaning: 'INVITE request retransmit interval, for UDP only: T1, doubled each time',
    UDP: DOUBLING,
    TLS: '0',
    play: (here) => {
      asks(here, 'INVITE');
      goneAt(here);
      return times(here, 'INVITE');
    },
  },
  {
    timer: 'A',
    meaning: 'INVITE request retransmit interval: any provisional response stops it',
    UDP: '0 500',
    TLS: '0',
    play: (here) => {
      const { answer } = asks(here, 'INVITE');
      here.clock.advance(600);
      answer(100);
      here.clock.advance(60_000);
      return times(here, 'INVITE');
    },
  },
  {
    timer: 'B',
    meaning: 'INVITE transaction timeout: 64*T1',
    UDP: 'timeout, gone at 32000',
    TLS: 'timeout, gone at 32000',
    play: (here) => {
      const { client } = asks(here, 'INVITE');
      const gone = goneAt(here);
      return `${client.heard.join(' ')}, ${gone}`;
    },
  },
  {
    timer: 'D',
    meaning: 'Wait time for response retransmits: at least 32 s for UDP, 0 s for TCP and TLS',
    UDP: 'ACK at 0 0, gone at 32000',
    TLS: 'ACK at 0, gone at 0',
    play: (here) => {
      const { answer } = asks(here, 'INVITE');
      answer(486);
      answer(486);
      return `ACK at ${times(here, 'ACK')}, ${goneAt(here)}`;
    },
  },
  {
    timer: 'E',
    meaning: 'non-INVITE request retransmit interval, UDP only: T1, doubled up to T2',
    UDP: DOUBLING_TO_T2,
    TLS: '0',
    play: (here) => {
      asks(here, 'OPTIONS');
      goneAt(here);
      return times(here, 'OPTIONS');
    },
  },
  {
    timer: 'E',
    meaning: 'non-INVITE request retransmit interval: T2 once a provisional response is there',
    UDP: '0 500 4500 8500 12500 16500 20500 24500 28500',
    TLS: '0',
    play: (here) => {
      const { answer } = asks(here, 'OPTIONS');
      answer(100);
      goneAt(here);
      return times(here, 'OPTIONS');
    },
  },
  {
    timer: 'F',
    meaning: 'non-INVITE transaction timeout: 64*T1',
    UDP: 'timeout, gone at 32000',
    TLS: 'timeout, gone at 32000',
    play: (here) => {
      const { client } = asks(here, 'BYE');
      const gone = goneAt(here);
      return `${client.heard.join(' ')}, ${gone}`;
    },
  },
  {
    timer: 'G',
    meaning: 'INVITE response retransmit interval: T1, doubled up to T2 (not where the transport is reliable)',
    UDP: DOUBLING_TO_T2,
    TLS: '0',
    play: (here) => {
      isAsked(here, 'INVITE').answer(486);
      goneAt(here);
      return times(here, '486');
    },
  },
  {
    timer: 'H',
    meaning: 'Wait time for ACK receipt: 64*T1',
    UDP: 'gone at 32000',
    TLS: 'gone at 32000',
    play: (here) => {
      isAsked(here, 'INVITE').answer(486);
      return goneAt(here);
    },
  },
  {
    timer: 'I',
    meaning: 'Wait time for ACK retransmits: T4 for UDP, 0 s for TCP and TLS',
    UDP: 'gone at 5700, 486 at 0 500',
    TLS: 'gone at 700, 486 at 0',
    play: (here) => {
      isAsked(here, 'INVITE').answer(486);
      here.clock.advance(700);
      here.wire.receive(peerRequest('ACK'));
      return `${goneAt(here)}, 486 at ${times(here, '486')}`;
    },
  },
  {
    timer: 'J',
    meaning: 'Wait time for non-INVITE request retransmits: 64*T1 for UDP, 0 s for TCP and TLS',
    UDP: '200 at 0 100, gone at 32000',
    TLS: '200 at 0, gone at 0',
    play: (here) => {
      const { answer, again } = isAsked(here, 'OPTIONS');
      answer(200);
      if (here.layer.size === 0) return `200 at ${times(here, '200')}, ${goneAt(here)}`;
      here.clock.advance(100);
      again();
      return `200 at ${times(here, '200')}, ${goneAt(here)}`;
    },
  },
  {
    timer: 'K',
    meaning: 'Wait time for response retransmits: T4 for UDP, 0 s for TCP and TLS',
    UDP: '200, gone at 5000',
    TLS: '200, gone at 0',
    play: (here) => {
      const { client, answer } = asks(here, 'OPTIONS');
      answer(200);
      answer(200);
      return `${client.heard.join(' ')}, ${goneAt(here)}`;
    },
  },
  {
    timer: 'L',
    meaning: 'RFC 6026: wait time for accepted INVITE request retransmits: 64*T1; they are absorbed',
    UDP: '200 at 0, gone at 32000',
    TLS: '200 at 0, gone at 32000',
    play: (here) => {
      const { answer, again } = isAsked(here, 'INVITE');
      answer(200);
      here.clock.advance(500);
      again();
      return `200 at ${times(here, '200')}, ${goneAt(here)}`;
    },
  },
  {
    timer: 'M',
    meaning: 'RFC 6026: wait time for retransmits of 2xx to INVITE: 64*T1; each goes up to the user',
    UDP: '200 200, gone at 32000',
    TLS: '200 200, gone at 32000',
    play: (here) => {
      const { client, answer } = asks(here, 'INVITE');
      answer(200);
      here.clock.advance(31_999);
      answer(200);
      return `${client.heard.join(' ')}, ${goneAt(here)}`;
    },
  },
  {
    timer: '§9.1',
    meaning: 'a cancelled INVITE: CANCEL once it was answered with 1xx, then 64*T1 for the final response',
    UDP: 'CANCEL at 1000, gone at 33000',
    TLS: 'CANCEL at 1000, gone at 33000',
    play: (here) => {
      const { answer, transaction } = asks(here, 'INVITE');
      transaction.cancel();
      here.clock.advance(1000);
      answer(180);
      here.wire.receive(peerResponse(lastRequest(here), 200));
      while (here.clock.nowMs() < 33_000 && here.clock.runNext());
      return `CANCEL at ${times(here, 'CANCEL')}, ${goneAt(here)}`;
    },
  },
  {
    timer: '§17.2.1',
    meaning: '100 within 200 ms, and for each copy of the INVITE',
    UDP: '0 300',
    TLS: '0 300',
    play: (here) => {
      const { again } = isAsked(here, 'INVITE');
      here.clock.advance(300);
      again();
      return times(here, '100');
    },
  },
];

function lastRequest(here: World) {
  const message = here.wire.last();
  assert.ok(message.isRequest);
  return message;
}

suite('RFC 3261 table 4', () => {
  test('T1 is 500 ms, T2 4 s, T4 5 s', () => {
    assert.deepEqual(rfc3261Timers, { T1: 500, T2: 4000, T4: 5000 });
  });

  for (const { timer, meaning, play, ...expected } of rows) {
    for (const protocol of ['UDP', 'TLS'] satisfies Protocol[]) {
      test(`Timer ${timer}: ${meaning}: over ${protocol} ${expected[protocol]}`, () => {
        assert.equal(play(world(protocol)), expected[protocol]);
      });
    }
  }
});

/** When the SBC sent this to a party, from `fromMs` on. */
function sbcSent(ladder: ReturnType<typeof raise>['world']['ladder'], to: string, title: string, fromMs: number) {
  const own = ladder.rungs.filter((rung) => rung.from === 'sbc' && rung.to === to && rung.title === title);
  return own.map(({ atMs }) => atMs - fromMs).join(' ');
}

suite('what the cores repeat, whatever the transport', () => {
  const parties = [
    ['pbx', 'teams', 'UDP'],
    ['teams', 'pbx', 'TLS'],
  ] as const;
  for (const [caller, callee, protocol] of parties) {
    test(`§13.3.1.4: over ${protocol} a 2xx without ACK is repeated at T1, doubled up to T2, for 64*T1; then BYE`, async () => {
      const { stage, world: here } = raise(oneTrunkEach);
      await stage[caller].sends('INVITE', { to: '+4989111111' });
      await stage[caller].gets(100);
      await stage[callee].gets('INVITE');
      await stage[callee].sends(200);
      await stage[caller].gets(200);
      const answeredMs = here.ladder.rungs.find(({ to, title }) => to === caller && title === '200 (INVITE)')!.atMs;
      await here.passes(32_500);
      assert.equal(sbcSent(here.ladder, caller, '200 (INVITE)', answeredMs), DOUBLING_TO_T2);
      assert.equal(sbcSent(here.ladder, caller, 'BYE', answeredMs).split(' ')[0], '32000');
    });
  }

  test('§13.3.1.4: the ACK ends it', async () => {
    const { stage, world: here } = raise(oneTrunkEach);
    await stage.pbx.sends('INVITE', { to: '+4989111111' });
    await stage.pbx.gets(100);
    await stage.teams.gets('INVITE');
    await stage.teams.sends(200);
    await stage.pbx.gets(200);
    const answeredMs = here.clock.nowMs() - 1;
    await here.passes(600);
    await stage.pbx.sends('ACK');
    await here.passes(60_000);
    assert.equal(sbcSent(here.ladder, 'pbx', '200 (INVITE)', answeredMs), '0 500');
  });

  test('§13.2.2.4: each 2xx that comes again gets the same ACK again', async () => {
    const { stage, world: here } = raise(oneTrunkEach);
    await stage.pbx.sends('INVITE', { to: '+4989111111' });
    await stage.pbx.gets(100);
    await stage.teams.gets('INVITE');
    await stage.teams.sends(200);
    await stage.pbx.gets(200);
    await stage.pbx.sends('ACK');
    await stage.teams.gets('ACK');
    const firstMs = here.ladder.rungs.find(({ to, title }) => to === 'teams' && title === 'ACK')!.atMs;
    for (const ms of [500, 1000]) {
      await here.passes(ms);
      await stage.teams.sendsAgain(200);
    }
    await here.passes(10);
    assert.equal(sbcSent(here.ladder, 'teams', 'ACK', firstMs).split(' ').length, 3);
  });

  test('Timer C, as a B2BUA has it: a call that only rings is cancelled after calls.ringTimeoutSeconds', async () => {
    const { stage, world: here } = raise(oneTrunkEach);
    await stage.pbx.sends('INVITE', { to: '+4989111111' });
    await stage.pbx.gets(100);
    await stage.teams.gets('INVITE');
    const startedMs = here.ladder.rungs.find(({ to, title }) => to === 'teams' && title === 'INVITE')!.atMs;
    await stage.teams.sends(180);
    await stage.pbx.gets(180);
    await stage.teams.gets('CANCEL', { within: 200_000 });
    assert.equal(
      sbcSent(here.ladder, 'teams', 'CANCEL', startedMs),
      String(oneTrunkEach.state.calls.ringTimeoutSeconds * 1000),
    );
    await stage.teams.sends(200, { for: 'CANCEL' });
    await stage.teams.sends(487, { for: 'INVITE' });
    await stage.pbx.gets(408);
  });
});
