import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import type { Hop } from '../sip/hop.ts';
import type { AdmissionRules } from './admission.ts';
import type { TransportLimits } from './limits.ts';
import { Authority } from './testing/authority.ts';
import type { Issued } from './testing/authority.ts';
import { Loopback, okText, requestText, streamPeer } from './testing/loopback.ts';
import { tlsPeer, tlsServer } from './testing/tls-peers.ts';
import { TlsMaterial } from './tls-material.ts';
import type { TlsSources } from './tls-material.ts';

const authority = new Authority();
const folder = mkdtempSync(join(tmpdir(), 'teams-sbc-hosts-'));
after(() => {
  authority.close();
  rmSync(folder, { recursive: true });
});

const HERE = '127.77.12.1';
const TEAMS = '127.77.12.9';
const SIP = 'sip.pstnhub.microsoft.com';
const hostsPath = join(folder, 'hosts');
writeFileSync(hostsPath, `${TEAMS} ${SIP} # in no DNS\n`);
const root = authority.selfSigned('Public Root');
const other = authority.selfSigned('Other Root');
const sbc = authority.issue(root, 'sbc', {
  names: ['sbc-0.example.com', '*.sbc-0.example.com'],
  purposes: 'serverAuth,clientAuth',
});
const renewed = authority.issue(root, 'sbc renewed', {
  names: ['sbc-0.example.com', '*.sbc-0.example.com'],
  purposes: 'serverAuth',
});
const tenant = authority.issue(root, 'tenant', { names: ['sbc.tenant.example'] });
const teams = authority.issue(root, 'teams', { names: [SIP], purposes: 'serverAuth' });
const imposter = authority.issue(other, 'imposter', { names: [SIP], purposes: 'serverAuth' });
const misnamed = authority.issue(root, 'misnamed', { names: ['sip.example.com'], purposes: 'serverAuth,clientAuth' });
const startWallMs = sbc.x509.validFromDate.getTime() + 3_600_000;

const trunk = (name: string, certificate: string) =>
  ({
    kind: 'TeamsTrunk',
    name,
    listener: 'teams',
    allowCIDRs: ['127.77.0.0/16'],
    tls: { certificate, trustBundle: 'public', peerNames: [SIP] },
  }) as const;
const trunks = [trunk('teams', 'sbc'), trunk('tenant', 'tenant')];
const rules: AdmissionRules = {
  listeners: [{ name: 'teams', protocol: 'TLS' }],
  trunks,
  trustBundles: [{ name: 'public', source: { preset: 'MicrosoftTeams' } }],
};
const listeners = [{ name: 'teams', protocol: 'TLS', port: 0 }] as const;

const sources = (own: Issued): TlsSources => ({
  certificates: [
    { name: 'sbc', chain: own.pem, key: own.key },
    { name: 'tenant', chain: tenant.pem, key: tenant.key },
  ],
  bundles: [{ name: 'public', roots: root.pem }],
  trunks,
});

async function started(t: TestContext, limits: Partial<TransportLimits> = {}) {
  const tls = new TlsMaterial();
  assert.deepEqual(tls.replace(sources(sbc), startWallMs), []);
  const loopback = new Loopback({
    bindAddress: HERE,
    rules,
    tls,
    roots: (bundle) => tls.roots(bundle),
    startWallMs,
    hostsPath,
    limits,
  });
  await loopback.layer.start(listeners);
  t.after(() => loopback.layer.close());
  const port = loopback.portOf('teams');
  const dials = async (own: Issued | undefined, options: ConnectionOptions = {}) => {
    const peer = await dial(port, own, options);
    t.after(() => peer.socket.destroy());
    return peer;
  };
  const serves = async (own: Issued, options: TlsOptions = {}) => {
    const server = await tlsServer(TEAMS, own, { ca: root.pem, ...options });
    t.after(() => server.close());
    return server;
  };
  return { loopback, tls, port, dials, serves };
}

/** A peer that checks who we are. */
const dial = (port: number, own: Issued | undefined, options: ConnectionOptions) =>
  tlsPeer({ address: HERE, port, from: TEAMS }, own, {
    ...{ servername: 'sbc-0.example.com', ca: root.pem, rejectUnauthorized: true },
    ...options,
  });

const hopTo = (port: number, host = SIP): Hop => ({
  protocol: 'TLS',
  host,
  port,
  listener: 'teams',
  trunk: 'teams',
  sentBy: 'sbc-0.example.com:5061',
});
const via = `SIP/2.0/TLS ${SIP};branch=z9hG4bK1`;
const dialAddress = (loopback: Loopback, port: number, text = requestText()) => loopback.send(hopTo(port, TEAMS), text);

test('Teams dials us with a certificate for servers only and is known by it', async (t) => {
  const { loopback, dials } = await started(t);
  const peer = await dials(teams);
  assert.deepEqual([peer.socket.authorized, peer.socket.getProtocol()], [true, 'TLSv1.2']);
  peer.socket.write(requestText({ via }));
  const { request, flow } = await loopback.user.requests.next();
  assert.deepEqual(flow.trunks, ['teams', 'tenant']);
  assert.equal(request.via.params.get('received'), TEAMS);
  loopback.layer.respond(flow, request.via, okText(requestText()));
  assert.match(await peer.inbox.next(), /^SIP\/2\.0 200 OK/);
  assert.equal(peer.socket.isSessionReused(), false);
});

const refusals: Record<string, { own: Issued | undefined; reason: string }> = {
  'without a certificate': { own: undefined, reason: 'no-certificate' },
  'with a certificate under another root': { own: imposter, reason: 'untrusted-root' },
  'with a certificate for another name': { own: misnamed, reason: 'name-mismatch' },
};
for (const [how, { own, reason }] of Object.entries(refusals)) {
  test(`a peer that dials us ${how} is closed before it can say anything`, async (t) => {
    const { loopback, dials } = await started(t);
    const peer = await dials(own);
    await peer.closed;
    assert.equal(await loopback.certificatesRefused.next(), reason);
    assert.equal(await loopback.refused.next(), 'certificate-refused');
    assert.equal(loopback.layer.connections, 0);
  });
}

test('TLS 1.1, TLS 1.3 alone and what is no TLS at all are refused', async (t) => {
  const { loopback, dials, port } = await started(t);
  await (
    await dials(teams, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' })
  ).closed;
  assert.equal(await loopback.refused.next(), 'handshake-failed');
  await (
    await dials(teams, { minVersion: 'TLSv1.3' })
  ).closed;
  assert.equal(await loopback.refused.next(), 'handshake-failed');
  const plain = streamPeer(connectTcp({ host: HERE, port, localAddress: TEAMS }));
  plain.socket.write(requestText());
  await plain.closed;
  assert.equal(await loopback.refused.next(), 'handshake-failed');
});

test('a handshake that does not come to an end is cut off', async (t) => {
  const { loopback, port } = await started(t);
  const silent = streamPeer(connectTcp({ host: HERE, port, localAddress: TEAMS }));
  // A second connection comes after the first: when it is through, the first one's handshake is being waited for.
  const peer = await dial(port, teams, {});
  t.after(() => peer.socket.destroy());
  await loopback.opened.next();
  loopback.clock.advance(5_000);
  await silent.closed;
  assert.equal(await loopback.refused.next(), 'handshake-timeout');
  assert.equal(loopback.layer.connections, 1);
});

test('the certificate is chosen by server name, wildcards cover one label, and there is a default', async (t) => {
  const { dials } = await started(t);
  const served = async (servername: string) =>
    (await dials(teams, { servername, rejectUnauthorized: false })).socket.getPeerX509Certificate()?.fingerprint256;
  assert.equal(await served('sbc.tenant.example'), tenant.x509.fingerprint256);
  assert.equal(await served('customer.sbc-0.example.com'), sbc.x509.fingerprint256);
  assert.equal(await served('unknown.example'), sbc.x509.fingerprint256);
  assert.equal(await served(''), sbc.x509.fingerprint256);
});

test('we dial with our certificate and the name that was asked for, and the connection is used again', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves(teams);
  const [first, second] = [
    loopback.send(hopTo(server.port), requestText()),
    loopback.send(hopTo(server.port), requestText()),
  ];
  const peer = await server.accepted.next();
  assert.equal(peer.socket.getPeerX509Certificate()?.fingerprint256, sbc.x509.fingerprint256);
  assert.equal(peer.socket.servername, SIP);
  assert.match(await peer.inbox.next(), /^OPTIONS/);
  peer.socket.write(okText(requestText()));
  const { flow } = await loopback.user.responses.next();
  assert.deepEqual(await first, { kind: 'sent', flow });
  assert.deepEqual(await second, { kind: 'sent', flow });
  peer.socket.write(requestText({ method: 'INVITE', via }));
  assert.equal((await loopback.user.requests.next()).flow, flow);
});

test('an address that we dial is no server name, and the certificate shows the name of the trunk', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves(teams);
  const sent = dialAddress(loopback, server.port);
  const peer = await server.accepted.next();
  assert.equal(peer.socket.servername, false);
  peer.socket.write(okText(requestText()));
  assert.equal((await sent).kind, 'sent');
});

for (const [what, own, reason] of [
  ['another name', misnamed, 'name-mismatch'],
  ['another root', imposter, 'untrusted-root'],
] as const) {
  test(`a server whose certificate has ${what} gets no message of ours`, async (t) => {
    const { loopback, serves } = await started(t);
    const server = await serves(own);
    assert.deepEqual(await dialAddress(loopback, server.port), {
      kind: 'failed',
      reason: `${TEAMS}: certificate refused: ${reason}`,
    });
    assert.equal(await loopback.certificatesRefused.next(), reason);
    assert.deepEqual(loopback.traced, []);
  });
}

test('a server that refuses our certificate after a TLS 1.3 handshake is a failure, not a silence', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves(teams, { ca: other.pem, rejectUnauthorized: true, minVersion: 'TLSv1.3' });
  assert.deepEqual(await dialAddress(loopback, server.port), {
    kind: 'failed',
    reason: `${TEAMS}: the peer ended the new connection, perhaps for our certificate: the peer closed the connection`,
  });
});

test('a server that says nothing for a moment after a TLS 1.3 handshake has our message', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves(teams, { minVersion: 'TLSv1.3' });
  const sent = dialAddress(loopback, server.port);
  await (await server.accepted.next()).inbox.next();
  loopback.clock.advance(250);
  assert.equal((await sent).kind, 'sent');
});

test('closing fails what is on its way and dials nothing anew', async (t) => {
  const { loopback, serves } = await started(t);
  const server = await serves(teams, { minVersion: 'TLSv1.3' });
  const sent = dialAddress(loopback, server.port);
  await (await server.accepted.next()).inbox.next();
  const dialling = dialAddress(loopback, 9);
  await loopback.layer.close();
  const failed = { kind: 'failed', reason: `${TEAMS}: shutting down` };
  assert.deepEqual([await sent, await dialling, await dialAddress(loopback, server.port)], [failed, failed, failed]);
  assert.equal(loopback.clock.pending, 0);
});

test('a renewed certificate serves new handshakes both ways and closes no connection in use', async (t) => {
  const { loopback, tls, dials, serves } = await started(t);
  const server = await serves(teams, { maxVersion: 'TLSv1.2' });
  const old = await dialAddress(loopback, server.port, requestText({ method: 'INVITE' }));
  const oldPeer = await server.accepted.next();
  const accepted = await dials(teams);
  accepted.socket.write(requestText({ method: 'INVITE', via }));
  const { request, flow } = await loopback.user.requests.next();

  assert.deepEqual(tls.replace(sources(renewed), startWallMs), []);
  await loopback.layer.reload(listeners);
  loopback.clock.advance(60_000);
  assert.equal(old.kind === 'sent' && old.flow.isOpen && flow.isOpen, true, 'exchanges are open on both');

  await dialAddress(loopback, server.port);
  const newPeer = await server.accepted.next();
  assert.equal(newPeer.socket.getPeerX509Certificate()?.fingerprint256, renewed.x509.fingerprint256);
  assert.equal((await dials(teams)).socket.getPeerX509Certificate()?.fingerprint256, renewed.x509.fingerprint256);
  const withoutName = await dials(teams, { servername: '', rejectUnauthorized: false });
  assert.equal(withoutName.socket.getPeerX509Certificate()?.fingerprint256, renewed.x509.fingerprint256);

  oldPeer.socket.write(okText(requestText({ method: 'INVITE' })));
  await loopback.user.responses.next();
  loopback.layer.respond(flow, request.via, okText(requestText({ method: 'INVITE' })));
  assert.match(await accepted.inbox.next(), /^SIP\/2\.0 200 OK/);
  loopback.clock.advance(10_000);
  await Promise.all([oldPeer.closed, accepted.closed]);
  assert.equal(newPeer.socket.destroyed, false);
});

test('a root that is taken away ends the connections that it vouched for', async (t) => {
  const { loopback, tls, dials } = await started(t);
  const peer = await dials(teams);
  await loopback.opened.next();
  tls.replace({ ...sources(sbc), bundles: [{ name: 'public', roots: other.pem }] }, startWallMs);
  await loopback.layer.reload(listeners);
  await peer.closed;
  assert.equal(await loopback.closed.next(), 'accepted');
});

test('a secure connection that has closed leaves its place', async (t) => {
  const { loopback, dials } = await started(t, { maxConnectionsPerAddress: 1 });
  const first = await dials(teams);
  await loopback.opened.next();
  await (
    await dials(teams)
  ).closed;
  assert.equal(await loopback.refused.next(), 'too-many-connections-from-address');
  first.socket.destroy();
  await loopback.closed.next();
  await dials(teams);
  assert.equal(await loopback.opened.next(), 'accepted');
});

test('unusable material is reported and what was in force stays', () => {
  const tls = new TlsMaterial();
  tls.replace(sources(sbc), startWallMs);
  const problems = tls.replace(
    {
      certificates: [
        { name: 'sbc', chain: sbc.pem, key: tenant.key },
        { name: 'tenant', chain: tenant.pem, key: tenant.key, names: ['sbc.tenant.example', 'a.tenant.example'] },
        { name: 'new', chain: 'nothing', key: 'nothing' },
      ],
      bundles: [{ name: 'public', roots: '' }],
      trunks,
    },
    startWallMs + 365 * 86_400_000,
  );
  assert.deepEqual(
    problems.map(({ name, problem }) => `${name} ${problem}`),
    ['sbc key-mismatch', 'tenant expired', 'tenant does-not-cover', 'new unreadable', 'public unreadable'],
  );
  assert.equal(tls.clientIdentity('teams')?.fingerprint256, sbc.x509.fingerprint256);
  assert.equal(tls.roots('public')[0]?.fingerprint256, root.x509.fingerprint256);
});
