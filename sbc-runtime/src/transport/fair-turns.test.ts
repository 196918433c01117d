import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import { Authority } from './testing/authority.ts';
import { Loopback, allowAll, requestText, tcpPeer } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());

const root = authority.selfSigned('Public Root');
const own = authority.issue(root, 'sbc', { names: ['sbc-0.example.com'] });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });
const HERE = '127.77.17.1';
const PEER = '127.77.17.9';
const via = `SIP/2.0/TCP ${PEER};branch=z9hG4bK1;rport`;
const limits = { turnWork: 32 };
const FLOOD = 3000;

const flood = (name: string) =>
  Array.from({ length: FLOOD }, (_, at) => requestText({ via, callId: `${name}-${at}` })).join('');

async function started(t: TestContext) {
  const rules = {
    listeners: [{ name: 'pbx', protocol: 'TCP' }],
    trunks: [allowAll('office', 'pbx')],
    trustBundles: [],
  } as const;
  const loopback = new Loopback({ bindAddress: HERE, rules, limits });
  await loopback.layer.start([{ name: 'pbx', protocol: 'TCP', port: 0 }]);
  t.after(() => loopback.layer.close());
  const dials = async () => {
    const peer = await tcpPeer(loopback.portOf('pbx'), HERE, PEER);
    t.after(() => peer.socket.destroy());
    return peer;
  };
  return { loopback, dials };
}

const callIds = async (loopback: Loopback, count: number) => {
  const heard: string[] = [];
  while (heard.length < count) heard.push((await loopback.user.requests.next()).request.callId);
  return heard;
};

test('a message of one connection is taken before the flood of another is over, and the flood arrives whole and in order', async (t) => {
  const { loopback, dials } = await started(t);
  const [flooder, other] = [await dials(), await dials()];
  flooder.socket.write(flood('flood'));
  await loopback.user.requests.next();
  other.socket.write(requestText({ via, callId: 'other' }));
  const heard = await callIds(loopback, FLOOD);
  const at = heard.indexOf('other');
  assert.ok(at >= 0 && at < FLOOD - 1, `the other one was number ${at}`);
  assert.deepEqual(
    heard.filter((callId) => callId !== 'other'),
    Array.from({ length: FLOOD - 1 }, (_, index) => `flood-${index + 1}`),
  );
});

test('two floods are worked off by turns', async (t) => {
  const { loopback, dials } = await started(t);
  const [one, two] = [await dials(), await dials()];
  one.socket.write(flood('one'));
  two.socket.write(flood('two'));
  const heard = await callIds(loopback, 2 * FLOOD);
  const last = (name: string) => heard.lastIndexOf(`${name}-${FLOOD - 1}`);
  const first = (name: string) => heard.indexOf(`${name}-0`);
  assert.ok(first('one') < last('two') && first('two') < last('one'));
});

test('what a peer sent before it closed is handed out, though it had to wait', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials();
  peer.socket.end(flood('last'));
  assert.equal((await callIds(loopback, FLOOD)).at(-1), `last-${FLOOD - 1}`);
  await loopback.closed.next();
  assert.equal(loopback.layer.connections, 0);
});

for (const [which, version] of [
  ['that Teams dialled', undefined],
  ['that we dialled', 'TLSv1.2'],
] as const)
  test(`a flood on a TLS connection ${which} waits and arrives whole, also when the peer closes behind it`, async (t) => {
    const stage = await TlsStage.start(t, { own: [own], roots: [root], limits });
    const peer = await (async () => {
      if (version === undefined) return stage.dials(teams);
      const server = await stage.serves(teams, { maxVersion: version });
      await stage.send(server.port, requestText());
      return server.accepted.next();
    })();
    peer.socket.end(flood('tls'));
    assert.equal((await callIds(stage.loopback, FLOOD)).at(-1), `tls-${FLOOD - 1}`);
    await stage.loopback.closed.next();
  });

test('a connection that sends single octets without end and no message is closed', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [root], limits: { maxPieces: 100 } });
  const peer = await stage.dials(teams);
  // One record each: Node puts into one what is written while another is on its way.
  for (let at = 0; at <= 100; at += 1) await new Promise((resolve) => peer.socket.write('\r', resolve));
  await peer.closed;
  assert.equal(await stage.loopback.refused.next(), 'too-many-pieces');
});

test('a peer that sends a chain longer than sixteen kilobytes is ended, and for five minutes its address is not let in again', async (t) => {
  const names = Array.from({ length: 700 }, (_, at) => `a-name-as-long-as-a-name-may-be-${at}.example.com`);
  const costly = authority.issue(root, 'costly', { names: [SIP, ...names], purposes: 'serverAuth' });
  const stage = await TlsStage.start(t, { own: [own], roots: [root] });
  const { loopback } = stage;
  await (
    await stage.dials(costly)
  ).closed;
  assert.equal(await loopback.refused.next(), 'handshake-too-costly');
  await (
    await stage.dials(teams)
  ).closed;
  assert.equal(await loopback.refused.next(), 'handshake-cool-down');
  loopback.clock.advance(300_000);
  await stage.dials(teams);
  assert.equal(await loopback.opened.next(), 'accepted');
});

test('handshakes with one address take turns: the next one begins when the one before is over', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [root], limits: { maxHandshakesPerAddress: 1 } });
  const silent = await tcpPeer(stage.port, '127.77.14.1', TEAMS);
  const dialled = stage.dials(teams);
  silent.socket.destroy();
  assert.equal(await stage.loopback.refused.next(), 'handshake-failed');
  await dialled;
  assert.equal(await stage.loopback.opened.next(), 'accepted');
});

test('a handshake whose turn does not come in time is ended', async (t) => {
  const stage = await TlsStage.start(t, { own: [own], roots: [root], limits: { maxHandshakesPerAddress: 1 } });
  await tcpPeer(stage.port, '127.77.14.1', TEAMS);
  const second = await tcpPeer(stage.port, '127.77.14.1', TEAMS);
  const closed = new Promise((resolve) => second.socket.once('close', resolve));
  stage.loopback.clock.advance(60_000);
  await closed;
  assert.equal(await stage.loopback.refused.next(), 'handshake-timeout');
  assert.equal(await stage.loopback.refused.next(), 'handshake-timeout');
});
