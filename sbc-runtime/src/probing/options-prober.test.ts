import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { Headers } from '../sip/headers.ts';
import type { Hop } from '../sip/hop.ts';
import { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { ClientTransactionUser, Transactions } from '../transaction/transaction-user.ts';
import { OptionsProber, type Probe, type ProbeResult } from './options-prober.ts';

const hop = (host: string): Hop => ({
  protocol: 'TLS',
  host,
  port: 5061,
  listener: 'teams',
  trunk: 'contoso',
  sentBy: 'sbc.example.com:5061',
});

const probe = (host: string, periodSeconds = 60): Probe => ({
  target: hop(host),
  periodSeconds,
  request: () =>
    new Request(
      'OPTIONS',
      `sip:${host}:5061`,
      Headers.from([
        ['From', '<sip:sbc.example.com>'],
        ['To', `<sip:${host}>`],
      ]),
    ),
});

/** The prober over a transaction room that only remembers; all that is drawn at random lies at the same part of its range. */
function raise(drawn: { at: number } = { at: 0.5 }) {
  const clock = new VirtualClock();
  const sent: { atMs: number; host: string; target: Hop; request: Request; user: ClientTransactionUser }[] = [];
  const results: [string, ProbeResult, number][] = [];
  const transactions: Pick<Transactions, 'request'> = {
    request(request, target, user) {
      sent.push({ atMs: clock.nowMs(), host: target.host, target, request, user });
      return { request, flow: undefined, cancel: () => undefined };
    },
  };
  let tokens = 0;
  const random = { token: () => `token${(tokens += 1)}`, below: (below: number) => Math.floor(below * drawn.at) };
  const prober = new OptionsProber({
    transactions: transactions as Transactions,
    clock,
    random,
    onResult: (target, result, periodSeconds) => results.push([target.host, result, periodSeconds]),
  });
  return { clock, sent, results, prober };
}

test('one OPTIONS to each target a period, the first within two seconds', () => {
  const { clock, sent, prober } = raise();
  prober.apply([probe('sip'), probe('sip2'), probe('off', 0)]);
  clock.advance(124_000);
  assert.deepEqual(
    sent.map(({ atMs, host }) => `${atMs} ${host}`),
    ['1000 sip', '1000 sip2', '62500 sip', '62500 sip2', '124000 sip', '124000 sip2'],
  );
});

test('whatever is drawn, two OPTIONS are at least a second inside the 60 to 180 seconds that Microsoft allows', () => {
  for (const periodSeconds of [60, 119, 120, 180]) {
    for (const at of [0, 0.5, 0.999_999]) {
      const { clock, sent, prober } = raise({ at });
      prober.apply([probe('sip', periodSeconds)]);
      clock.advance(600_000);
      const pauses = sent.slice(1).map(({ atMs }, index) => atMs - (sent[index]?.atMs ?? 0));
      assert.ok(pauses.length >= 3);
      for (const pauseMs of pauses)
        assert.ok(pauseMs >= 61_000 && pauseMs <= 179_000, `${periodSeconds} s: ${pauseMs} ms`);
    }
  }
});

test('many trunks that start together are spread out, twenty milliseconds for each target', () => {
  const drawn = { at: 0.999_999 };
  const { clock, sent, prober } = raise(drawn);
  const trunks = Array.from({ length: 1000 }, (_, index) => probe(`host${index}`));
  prober.apply(trunks);
  clock.advance(19_998);
  assert.equal(sent.length, 0);
  clock.advance(2);
  assert.equal(sent.length, 1000);
  drawn.at = 0.5;
  prober.apply([...trunks, probe('one more')]);
  clock.advance(1000);
  assert.equal(sent.length, 1001, 'a trunk that comes later does not wait for its share of them');
});

test('all OPTIONS to one target share Call-ID and tag and count up CSeq', () => {
  const { clock, sent, prober } = raise();
  prober.apply([probe('sip')]);
  clock.advance(63_000);
  const [first, second] = sent.map(({ request }) => request);
  assert.ok(first && second);
  assert.deepEqual([first.cseq.number, second.cseq.number], [1, 2]);
  assert.equal(first.callId, second.callId);
  assert.equal(first.from.tag, second.from.tag);
});

test('a new document keeps the rhythm of targets that stay, starts new ones and stops others', () => {
  const { clock, sent, prober } = raise();
  prober.apply([probe('sip'), probe('gone')]);
  clock.advance(30_000);
  prober.apply([probe('sip'), probe('new')]);
  clock.advance(40_000);
  assert.deepEqual(
    sent.map(({ atMs, host }) => `${atMs} ${host}`),
    ['1000 sip', '1000 gone', '31000 new', '62500 sip'],
  );
  prober.stop();
  assert.equal(clock.pending, 0);
});

test('a target whose period changes is asked by the new one, counted from when it was asked last', () => {
  for (const [periodSeconds, atMs] of [
    [90, 1000 + 92_250],
    [30, 1000 + 40_000],
  ] as const) {
    const { clock, sent, prober } = raise();
    prober.apply([probe('sip')]);
    clock.advance(41_000);
    prober.apply([probe('sip', periodSeconds)]);
    clock.advance(60_000);
    assert.deepEqual(
      sent.slice(0, 2).map((each) => each.atMs),
      [1000, atMs],
    );
  }
});

test('a target that changes its protocol, listener or name is asked the new way from then on', () => {
  const changes: Partial<Hop>[] = [{ protocol: 'TCP' }, { listener: 'other' }, { sentBy: 'new.example.com:5061' }];
  for (const change of changes) {
    const { clock, sent, prober } = raise();
    prober.apply([probe('pbx')]);
    clock.advance(1000);
    prober.apply([{ ...probe('pbx'), target: { ...hop('pbx'), ...change } }]);
    clock.advance(59_999);
    assert.deepEqual(
      sent.map(({ target }) => target),
      [hop('pbx'), { ...hop('pbx'), ...change }],
    );
    clock.advance(61_500);
    assert.equal(sent.length, 3);
  }
});

test('a target that stays is asked with the words of the newest document', () => {
  const { clock, sent, prober } = raise();
  prober.apply([probe('pbx')]);
  clock.advance(1000);
  const renamed = (): Request => new Request('OPTIONS', 'sip:renamed', probe('pbx').request().headers);
  prober.apply([{ ...probe('pbx'), request: renamed }]);
  clock.advance(61_500);
  assert.deepEqual(
    sent.map(({ request }) => `${request.uri} ${request.cseq.number}`),
    ['sip:pbx:5061 1', 'sip:renamed 2'],
  );
});

test('results: a final answer with its Retry-After, silence, and nobody there; provisional answers say nothing', () => {
  const { clock, sent, results, prober } = raise();
  prober.apply([probe('sip')]);
  clock.advance(1000);
  const [{ request, user } = assert.fail('nothing was sent')] = sent;
  const flow = {} as Parameters<ClientTransactionUser['onResponse']>[1];
  user.onResponse(responseTo(request, 100), flow);
  user.onResponse(responseTo(request, 503, { headers: [['Retry-After', '30 (maintenance)']] }), flow);
  user.onFailure({ kind: 'timeout' });
  user.onFailure({ kind: 'transport', reason: 'connection refused' });
  assert.deepEqual(results, [
    ['sip', { kind: 'answered', status: 503, retryAfterSeconds: 30 }, 60],
    ['sip', { kind: 'silent' }, 60],
    ['sip', { kind: 'unreachable', reason: 'connection refused' }, 60],
  ]);
});
