import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminRoutes } from './admin-routes.ts';
import { CallRecords } from './observability/call-records.ts';
import { TraceRing } from './observability/trace-ring.ts';

const options = (callId: string, filler: number) =>
  [
    'OPTIONS sip:sbc@example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1',
    'From: <sip:a@example.com>;tag=1',
    'To: <sip:b@example.com>',
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    `X: ${'a'.repeat(filler)}`,
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');

function withCall(callId: string) {
  const [records, ring] = [new CallRecords(), new TraceRing()];
  records.started({
    ...{ id: '1', direction: 'teams-to-pbx', fromTrunk: 'teams', toTrunk: 'pbx', caller: '+1', called: '+2' },
    ...{ callIds: [callId], startedAtMs: 0, answeredAtMs: undefined, endedAtMs: undefined, end: undefined },
  });
  let turns = 0;
  const routes = adminRoutes({
    ...{ records, ring },
    report: () => assert.fail('nobody asks for it'),
    drain: () => undefined,
    nextTurn: async () => {
      turns += 1;
    },
  });
  const ask = async (query: string) => {
    turns = 0;
    const reply = await routes['GET /ladder']?.({ params: new Map(), query: new URLSearchParams(query) });
    return { text: String(reply?.body), turns };
  };
  return { ring, ask };
}

test('the ladder of a call whose Call-ID is one letter shows no message of another call', async () => {
  const { ring, ask } = withCall('a');
  for (let count = 0; count < 20; count += 1) ring.push(0, 'pbx', 'sbc', options(`q${count}a`, 60_000));
  ring.push(0, 'pbx', 'sbc', options('a', 1));
  const { text, turns } = await ask('messages');
  assert.equal(text.match(/Call-ID: /g)?.length, 1);
  assert.match(text, /^ {4}Call-ID: a$/m);
  assert.ok(turns >= 6, `the loop turns while the ring is searched: ${turns}`);
});

test('a ladder of very long messages ends at a mebibyte, and the loop turns while it is drawn', async () => {
  const { ring, ask } = withCall('a');
  for (let count = 0; count < 200; count += 1) ring.push(0, 'pbx', 'sbc', options('a', 60_000));
  const { text, turns } = await ask('messages');
  assert.match(text, /^and 183 messages more$/m);
  assert.ok(text.length < 1_200_000, `${text.length} octets`);
  assert.ok(turns >= 90, String(turns));
});
