import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Authority } from './testing/authority.ts';
import type { Issued } from './testing/authority.ts';
import { okText, requestText } from './testing/loopback.ts';
import type { Loopback } from './testing/loopback.ts';
import { SIP, TEAMS, TlsStage } from './testing/tls-peers.ts';
import type { SecurePeer } from './testing/tls-peers.ts';

const authority = new Authority();
after(() => authority.close());

const root = authority.selfSigned('Public Root');
const names = ['sbc-0.example.com'];
const old = authority.issue(root, 'sbc', { names, purposes: 'serverAuth,clientAuth' });
const renewed = authority.issue(root, 'sbc renewed', { names, purposes: 'serverAuth' });
const teams = authority.issue(root, 'teams', { names: [SIP, TEAMS], purposes: 'serverAuth' });

const via = `SIP/2.0/TLS ${SIP};branch=z9hG4bK1`;
const shown = (peer: SecurePeer): string | undefined => peer.socket.getPeerX509Certificate()?.fingerprint256;
const isOf = (peer: SecurePeer, own: Issued) => assert.equal(shown(peer), own.x509.fingerprint256);

const started = (t: Parameters<typeof TlsStage.start>[0]) => TlsStage.start(t, { own: [old], roots: [root] });

/** Resolves with the first FIN or RST. */
const finOf = (peer: SecurePeer): Promise<void> => new Promise((resolve) => peer.socket.once('end', () => resolve()));

/** A connection that we dialled and that has carried OPTIONS. */
async function dialled(stage: TlsStage) {
  const server = await stage.serves(teams, { maxVersion: 'TLSv1.2', allowHalfOpen: true });
  await stage.send(server.port, requestText());
  const peer = await server.accepted.next();
  peer.socket.write(okText(requestText()));
  const { flow } = await stage.loopback.user.responses.next();
  return { server, peer, flow };
}

/** A connection that Teams dialled and that has carried OPTIONS. */
async function accepted(stage: TlsStage) {
  const peer = await stage.dials(teams, { allowHalfOpen: true });
  await asks(stage.loopback, peer);
  return peer;
}

async function asks({ layer, user }: Loopback, peer: SecurePeer) {
  peer.socket.write(requestText({ via }));
  const { request, flow } = await user.requests.next();
  layer.respond(flow, request.via, okText(requestText()));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK/);
}

test('at a reload, idle connections made with the old certificate close at once, both ways', async (t) => {
  const stage = await started(t);
  const ours = await dialled(stage);
  const theirs = await accepted(stage);
  stage.loopback.clock.advance(20_000);
  const ends = Promise.all([finOf(ours.peer), finOf(theirs)]);
  await stage.reload([renewed], [root]);
  await ends;
  assert.equal(ours.flow.isOpen, false);
  await stage.send(ours.server.port, requestText());
  isOf(await ours.server.accepted.next(), renewed);
  isOf(await stage.dials(teams), renewed);
});

test('a connection that was used a moment ago closes at the next look', async (t) => {
  const stage = await started(t);
  const ours = await dialled(stage);
  const theirs = await accepted(stage);
  await stage.reload([renewed], [root]);
  assert.equal(ours.flow.isOpen, true);
  const ends = Promise.all([finOf(ours.peer), finOf(theirs)]);
  stage.loopback.clock.advance(5_000);
  await ends;
});

test('a call whose connection was retired goes on over a new one, made with the new certificate', async (t) => {
  const stage = await started(t);
  const { layer, user, clock } = stage.loopback;
  const ours = await dialled(stage);
  await stage.send(ours.server.port, requestText({ method: 'INVITE' }));
  assert.match(await ours.peer.inbox.next(), /^OPTIONS[^]*/);
  ours.peer.socket.write(okText(requestText({ method: 'INVITE' })));
  const { flow } = await user.responses.next();
  clock.advance(10_000);
  const fin = finOf(ours.peer);
  await stage.reload([renewed], [root]);
  await fin;
  assert.equal(layer.sendOn(flow, requestText({ method: 'BYE' })), false, 'the flow of the dialog is no longer taken');
  await stage.send(ours.server.port, requestText({ method: 'BYE' }));
  const next = await ours.server.accepted.next();
  isOf(next, renewed);
  assert.match(await next.inbox.next(), /^BYE/);
  next.socket.write(requestText({ method: 'INFO', via }));
  assert.equal((await user.requests.next()).request.method, 'INFO');
});

test('a connection with an open transaction closes with its end, not before', async (t) => {
  const stage = await started(t);
  const { layer, user, clock } = stage.loopback;
  const theirs = await accepted(stage);
  theirs.socket.write(requestText({ method: 'INVITE', via }));
  const { request, flow } = await user.requests.next();
  await stage.reload([renewed], [root]);
  clock.advance(170_000);
  assert.equal(flow.isOpen, true, 'it rings');
  const fin = finOf(theirs);
  layer.respond(flow, request.via, okText(requestText({ method: 'INVITE' })));
  assert.match(await theirs.inbox.next(), /^SIP\/2\.0 200 OK/);
  await fin;
});

test('a peer that never pauses is left after thirty seconds, between two of its transactions', async (t) => {
  const stage = await started(t);
  const { clock } = stage.loopback;
  const theirs = await accepted(stage);
  await stage.reload([renewed], [root]);
  for (let second = 0; second < 28; second += 4) {
    clock.advance(4_000);
    await asks(stage.loopback, theirs);
  }
  const fin = finOf(theirs);
  clock.advance(4_000);
  await fin;
});

test('what a peer says before it has seen our FIN is taken, and answered over its other connection', async (t) => {
  const stage = await started(t);
  const { layer, user, clock } = stage.loopback;
  const ours = await dialled(stage);
  clock.advance(10_000);
  const fin = finOf(ours.peer);
  await stage.reload([renewed], [root]);
  ours.peer.socket.write(
    requestText({ method: 'INVITE', via: `${via};rport`.replace(SIP, `${TEAMS}:${ours.server.port}`) }),
  );
  const { request, flow } = await user.requests.next();
  await fin;
  assert.equal(flow.isOpen, false);
  layer.respond(flow, request.via, okText(requestText({ method: 'INVITE' })));
  const next = await ours.server.accepted.next();
  isOf(next, renewed);
  assert.match(await next.inbox.next(), /^SIP\/2\.0 200 OK/);
});

test('a transaction that never ends holds its connection for five minutes, then the answer comes over a new one', async (t) => {
  const stage = await started(t);
  const { user, clock } = stage.loopback;
  const ours = await dialled(stage);
  await stage.send(ours.server.port, requestText({ method: 'INVITE' }));
  await stage.reload([renewed], [root]);
  clock.advance(295_000);
  assert.equal(ours.flow.isOpen, true);
  const fin = finOf(ours.peer);
  clock.advance(5_000);
  await fin;
  const next = await stage.dials(teams);
  next.socket.write(okText(requestText({ method: 'INVITE' })));
  assert.equal((await user.responses.next()).response.status, 200);
});

test('a peer that does not close its side is cut off', async (t) => {
  const stage = await started(t);
  const theirs = await accepted(stage);
  stage.loopback.clock.advance(20_000);
  const fin = finOf(theirs);
  await stage.reload([renewed], [root]);
  await fin;
  assert.equal(stage.loopback.layer.connections, 1);
  stage.loopback.clock.advance(10_000);
  assert.equal(await stage.loopback.closed.next(), 'accepted');
  assert.equal(stage.loopback.layer.connections, 0);
});

test('a handshake that was under way at the reload yields a connection that closes soon', async (t) => {
  const stage = await started(t);
  const server = await stage.serves(teams, { maxVersion: 'TLSv1.2', allowHalfOpen: true });
  const sent = stage.send(server.port, requestText());
  await stage.reload([renewed], [root]);
  await sent;
  const peer = await server.accepted.next();
  isOf(peer, old);
  peer.socket.write(okText(requestText()));
  await stage.loopback.user.responses.next();
  const fin = finOf(peer);
  stage.loopback.clock.advance(5_000);
  await fin;
});

test('the same certificate loaded again retires nothing', async (t) => {
  const stage = await started(t);
  const ours = await dialled(stage);
  stage.loopback.clock.advance(20_000);
  await stage.reload([old], [root]);
  stage.loopback.clock.advance(60_000);
  assert.equal(ours.flow.isOpen, true);
});

for (const [what, bad, problem] of [
  ['whose key belongs to another', [{ ...renewed, key: old.key }], 'key-mismatch'],
  ['that is no certificate', [{ ...renewed, pem: 'garbage' }], 'unreadable'],
] as const) {
  test(`a new certificate ${what} is reported, and the old one serves on`, async (t) => {
    const stage = await started(t);
    const ours = await dialled(stage);
    const problems = await stage.reload(bad, [root]);
    assert.deepEqual(
      problems.map(({ name, problem: found }) => [name, found]),
      [['sbc', problem]],
    );
    isOf(await stage.dials(teams), old);
    stage.loopback.clock.advance(60_000);
    assert.equal(ours.flow.isOpen, true);
  });
}
