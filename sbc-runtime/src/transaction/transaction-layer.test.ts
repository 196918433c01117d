/** Both kinds of transactions at once, whatever the peer does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { ClientTransaction } from './transaction-user.ts';
import { ourRequest, peerRequest, peerResponse } from './testing/message-texts.ts';
import { RecordingClient, assertNothingIsLeft, world } from './testing/wire.ts';

const methods = ['INVITE', 'OPTIONS', 'BYE'] as const;
const finals = [200, 202, 301, 404, 487, 503, 603] as const;

const act = fc.oneof(
  fc.record({ kind: fc.constant('we-ask' as const), method: fc.constantFrom(...methods) }),
  fc.record({
    kind: fc.constant('peer-asks' as const),
    method: fc.constantFrom(...methods, 'ACK', 'CANCEL'),
    which: fc.nat(4),
  }),
  fc.record({
    kind: fc.constant('peer-answers' as const),
    status: fc.constantFrom(100, 180, ...finals),
    which: fc.nat(4),
  }),
  fc.record({ kind: fc.constant('we-answer' as const), status: fc.constantFrom(180, ...finals), which: fc.nat(4) }),
  fc.record({ kind: fc.constant('we-cancel' as const), which: fc.nat(4) }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
);

test('whatever both sides do: once all is answered, nothing is left 64*T1 + T4 later, and each client hears one end', () => {
  fc.assert(
    fc.property(fc.constantFrom('UDP' as const, 'TLS' as const), fc.array(act, { maxLength: 40 }), (protocol, acts) => {
      const here = world(protocol);
      const asked: { request: Request; transaction: ClientTransaction; client: RecordingClient }[] = [];
      for (const one of acts) {
        if (one.kind === 'time') here.clock.advance(one.ms);
        else if (one.kind === 'we-ask') {
          const client = new RecordingClient();
          const request = ourRequest(one.method);
          asked.push({ request, client, transaction: here.layer.request(request, here.hop, client) });
        } else if (one.kind === 'peer-asks') {
          here.wire.receive(peerRequest(one.method, { branch: `z9hG4bK${one.which}`, callId: `call-${one.which}` }));
        } else if (one.kind === 'peer-answers') {
          const { request } = asked[one.which] ?? {};
          if (request !== undefined) here.wire.receive(peerResponse(request, one.status));
        } else if (one.kind === 'we-answer') {
          const transaction = here.user.requests[one.which];
          transaction?.respond(responseTo(transaction.request, one.status, { toTag: 'us' }));
        } else if (asked[one.which]?.request.method === 'INVITE') asked[one.which]?.transaction.cancel();
      }
      for (const transaction of here.user.requests) transaction.respond(responseTo(transaction.request, 500));
      for (const { request } of asked) here.wire.receive(peerResponse(request, 500));
      assertNothingIsLeft(here);
      for (const { request, client } of asked) {
        const ends = client.heard.filter((heard) => !heard.startsWith('1'));
        const isAccepted = request.method === 'INVITE' && ends[0]?.startsWith('2') === true;
        assert.ok(isAccepted ? ends.every((end) => end.startsWith('2')) : ends.length === 1, ends.join(' '));
      }
    }),
    { numRuns: 500 },
  );
});

test('answers that repeat a lot of what peers wrote are kept up to a limit; once they are gone, requests are taken again', () => {
  const here = world('UDP', { maxKeptOctets: 20_000 });
  const long = 'x'.repeat(3000);
  const ask = (method: string, at: number) => {
    here.wire.receive(peerRequest(method, { branch: `z9hG4bK${long}${at}`, callId: `long-${at}` }));
    const transaction = here.user.requests.at(-1);
    if (transaction?.request.callId === `long-${at}`) transaction.respond(responseTo(transaction.request, 404));
  };
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < 10; at++) ask(at % 2 === 0 ? 'OPTIONS' : 'INVITE', at);
    const statuses = here.wire.take().map((line) => line.split(' ')[1]);
    assert.deepEqual([...new Set(statuses)].toSorted(), ['100', '404', '503']);
    assert.ok(here.layer.size < 10);
    assertNothingIsLeft(here);
    here.wire.take();
  }
});
