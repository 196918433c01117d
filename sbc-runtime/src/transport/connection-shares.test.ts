/** How many connections peers may have us open, and what they leave. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import type { TransportLimits } from './limits.ts';
import { Loopback, allowAll, okText, requestText, tcpPeer, tcpServer } from './testing/loopback.ts';

const HERE = '127.77.22.1';
const PEER = '127.77.22.9';
const rules = {
  listeners: [{ name: 'pbx', protocol: 'TCP' }],
  trunks: [allowAll('office', 'pbx')],
  trustBundles: [],
} as const;

async function started(t: TestContext, limits: Partial<TransportLimits> = {}) {
  const loopback = new Loopback({ bindAddress: HERE, rules, limits });
  await loopback.layer.start([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
  t.after(() => loopback.layer.close());
  const port = loopback.portOf('pbx');
  const dials = async () => {
    const peer = await tcpPeer(port, HERE, PEER);
    t.after(() => peer.socket.destroy());
    return peer;
  };
  const serves = async () => {
    const server = await tcpServer(PEER);
    t.after(() => server.close());
    return server;
  };
  return { loopback, dials, serves };
}

const hopTo = (port: number): Hop => ({
  protocol: 'TCP',
  host: PEER,
  port,
  listener: 'pbx',
  trunk: 'office',
  sentBy: `${HERE}:5060`,
});

test('connections dialled for responses are few for each address, leave requests theirs, and close after seconds', async (t) => {
  const { loopback, dials, serves } = await started(t, { maxResponseDialsPerAddress: 2, responseIdleMs: 5_000 });
  const servers = [await serves(), await serves(), await serves()];
  const peer = await dials();
  for (const { port } of servers)
    peer.socket.write(requestText({ via: `SIP/2.0/TCP ${PEER}:${port};branch=z9hG4bK${port}` }));
  const asked = [await loopback.user.requests.next(), await loopback.user.requests.next()];
  const third = await loopback.user.requests.next();
  peer.socket.destroy();
  await loopback.closed.next();
  const responds = ({ request, flow }: typeof third) =>
    loopback.layer.respond(flow, request.via, okText(requestText()));
  for (const one of asked) responds(one);
  responds(third);
  assert.equal(await loopback.refused.next(), 'response-lost');
  const answered = [await servers[0]?.accepted.next(), await servers[1]?.accepted.next()];
  for (const one of answered) assert.match((await one?.inbox.next()) ?? '', /^SIP\/2\.0 200 OK/);
  assert.equal((await loopback.send(hopTo(servers[2]?.port ?? 0), requestText())).kind, 'sent');
  loopback.clock.advance(10_000);
  for (const one of answered) await one?.closed;
  await loopback.closed.next();
  await loopback.closed.next();
  assert.equal(loopback.layer.connections, 1, 'the one that a request went over');
});

test('what peers bring about leaves an eighth of the connections to requests, and one trunk dials no more than its share', async (t) => {
  const { loopback, dials, serves } = await started(t, { maxConnections: 16, maxDialledPerTrunk: 1 });
  for (let at = 0; at < 14; at += 1) await dials();
  for (let at = 0; at < 14; at += 1) await loopback.opened.next();
  await (
    await dials()
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-connections');
  const [server, other] = [await serves(), await serves()];
  assert.equal((await loopback.send(hopTo(server.port), requestText())).kind, 'sent');
  assert.deepEqual(await loopback.send(hopTo(other.port), requestText()), {
    kind: 'failed',
    reason: `${PEER}: too many connections of the trunk`,
  });
  (await server.accepted.next()).socket.destroy();
  await loopback.closed.next();
  assert.equal((await loopback.send(hopTo(other.port), requestText())).kind, 'sent');
});
