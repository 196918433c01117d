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

function withCalls(count: number, areOver: (number: number) => boolean) {
  const records = new CallRecords();
  for (let number = 1; number <= count; number += 1) {
    const record = {
      ...{ id: String(number), direction: 'teams-to-pbx', fromTrunk: 'teams', toTrunk: 'pbx', caller: '+1' },
      ...{ called: '+2', callIds: [], startedAtMs: number, answeredAtMs: number, endedAtMs: undefined, end: undefined },
    };
    records.started(record);
    if (areOver(number)) records.ended(record);
  }
  const routes = adminRoutes({
    ...{ records, ring: new TraceRing(), report: () => assert.fail('nobody asks for it') },
    ...{ drain: () => undefined, nextTurn: () => Promise.resolve() },
  });
  return async (query = '') => {
    const reply = await routes['GET /calls']?.({ params: new Map(), query: new URLSearchParams(query) });
    const { status, body } = reply ?? assert.fail('no such route');
    return status === 200 ? (JSON.parse(String(body)) as { id: string }[]).map(({ id }) => id) : status;
  };
}

test('a call that is up stands before all that are over, however many came after it', async () => {
  const ids = await withCalls(3000, (number) => number !== 7)();
  assert.deepEqual(Array.isArray(ids) && [ids.length, ids[0], ids[1], ids.at(-1)], [50, '7', '3000', '2952']);
});

test('all calls that are up are told, and a thousand at most', async () => {
  const lengthOf = async (count: number) => {
    const ids = await withCalls(count, () => false)();
    return Array.isArray(ids) && ids.length;
  };
  assert.deepEqual([await lengthOf(700), await lengthOf(1500)], [700, 1000]);
});

test('as many calls are told as somebody asks for, up to a thousand', async () => {
  const ask = withCalls(2500, (number) => number > 2);
  assert.deepEqual(await ask('limit=3'), ['2', '1', '2500']);
  const many = await ask('limit=5000');
  assert.equal(Array.isArray(many) && many.length, 1000);
  for (const limit of ['0', '-1', '1.5', 'all', '']) assert.equal(await ask(`limit=${limit}`), 400);
});
