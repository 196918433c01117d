import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import { allowAll, Loopback, okText, requestText, tcpServer } from './testing/loopback.ts';

const HERE = '127.77.31.1';
const THERE = '127.77.31.9';

async function started(t: TestContext) {
  const loopback = new Loopback({
    bindAddress: HERE,
    rules: { listeners: [{ name: 'pbx', protocol: 'TCP' }], trunks: [allowAll('pbx', 'pbx')], trustBundles: [] },
  });
  await loopback.layer.start([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
  const server = await tcpServer(THERE);
  t.after(() => loopback.layer.close());
  t.after(() => server.close());
  const hop: Hop = { protocol: 'TCP', host: THERE, port: server.port, listener: 'pbx', trunk: 'pbx', sentBy: 'here' };
  const asks = (callId: string, method = 'INVITE') =>
    loopback.send(hop, requestText({ method, callId, via: `SIP/2.0/TCP here;branch=z9hG4bK${callId}` }));
  return { loopback, server, hop, asks };
}

const busy = (invite: string) => okText(invite).replace('200 OK', '503 Service Unavailable');

test('a connection that is given up closes as soon as its last answer is in, behind what was written; the next request dials anew', async (t) => {
  const { loopback, server, hop, asks } = await started(t);
  await asks('one');
  const first = await server.accepted.next();
  first.socket.write(busy(await first.inbox.next()));
  await loopback.user.responses.next();
  // As the transaction room does: the ACK is on its way when the user hears of the 503.
  await asks('one', 'ACK');
  loopback.layer.retire(hop);
  assert.match(await first.inbox.next(), /^ACK /);
  await first.closed;
  await asks('two');
  const second = await server.accepted.next();
  assert.match(await second.inbox.next(), /^INVITE /);
});

test('what else is in flight on it is still answered, and then it closes', async (t) => {
  const { loopback, server, hop, asks } = await started(t);
  await asks('one');
  const first = await server.accepted.next();
  const one = await first.inbox.next();
  await asks('other');
  const other = await first.inbox.next();
  first.socket.write(busy(one));
  await loopback.user.responses.next();
  loopback.layer.retire(hop);
  await asks('two');
  const second = await server.accepted.next();
  assert.match(await second.inbox.next(), /^INVITE /);
  assert.equal(loopback.layer.connections, 2);
  const refusals: string[] = [];
  loopback.layer.deliverTo({
    onRequest: () => undefined,
    // As the transaction room does, before it tells anybody.
    onResponse: ({ status, callId }, flow) => {
      refusals.push(`${status} ${callId}`);
      loopback.layer.sendOn(flow, requestText({ method: 'ACK', callId }));
    },
  });
  first.socket.write(okText(other).replace('200 OK', '486 Busy Here'));
  assert.match(await first.inbox.next(), /^ACK /);
  assert.deepEqual(refusals, ['486 other']);
  await first.closed;
  assert.equal(second.socket.destroyed, false);
});

test('a connection that says nothing any more is left alone and ends in its time; the next request does not wait for it', async (t) => {
  const { loopback, server, hop, asks } = await started(t);
  await asks('one');
  const first = await server.accepted.next();
  loopback.layer.retire(hop);
  await asks('two');
  await server.accepted.next();
  assert.equal(first.socket.destroyed, false);
  loopback.clock.advance(310_000);
  await first.closed;
});

test('connections to other targets and those that a peer has opened stay', async (t) => {
  const { loopback, server, hop, asks } = await started(t);
  await asks('one');
  const first = await server.accepted.next();
  first.socket.write(okText(await first.inbox.next()));
  await loopback.user.responses.next();
  for (const other of [{ host: '127.77.31.8' }, { trunk: 'other' }, { listener: 'other' }, { port: 1 }])
    loopback.layer.retire({ ...hop, ...other });
  await asks('two');
  assert.match(await first.inbox.next(), /^INVITE /);
  assert.equal(server.accepted.size, 0);
});
