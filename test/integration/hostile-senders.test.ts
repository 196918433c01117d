/** Peers that send too much, too slowly, too often or nonsense: bounded, counted and closed, while the others are served. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { X509Certificate, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { costlyChain } from '../../sbc-runtime/src/transport/testing/forged-chain.ts';
import { FQDN, PBX_NUMBER } from '../kit/ground.ts';
import { eventually } from './local-observe.ts';
import { raiseSimulatedStage } from './local-stage.ts';
import { askOverTls, openTls, sipRequest } from './tls-client.ts';

const MEGABYTE = 1024 * 1024;
/** Far above what these tests need, far below what an unbounded buffer would take. */
const MAX_GROWTH_BYTES = 150 * MEGABYTE;

const leafOf = (pem: string) => pem.slice(0, pem.indexOf('-----END')).concat('-----END CERTIFICATE-----\n');

/** The messages of RFC 4475, as npm `sip` ships them. */
const tortures = join(dirname(createRequire(import.meta.url).resolve('sip')), 'test', 'messages');

/** `VmHWM`: the most that the process ever had. */
function peakBytes(pid: number): number {
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

async function udp(t: TestContext, address: string) {
  const socket = createSocket('udp4');
  const heard: string[] = [];
  socket.on('message', (datagram) => heard.push(datagram.toString('latin1')));
  await new Promise<void>((resolve) => socket.bind(5060, address, resolve));
  t.after(() => socket.close());
  return {
    heard,
    send: (data: string | Buffer, to: string) =>
      new Promise<void>((resolve) =>
        socket.send(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 5060, to, () => resolve()),
      ),
  };
}

/** Resolves when the other side has closed, with what it said before. */
async function closed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

test('hostile senders', async (t) => {
  const stage = await raiseSimulatedStage(t);
  const { block, ground, pod, simulator } = stage;
  const identity = await ground.pki.microsoft();
  const pid = pod.pid('runtime');
  const peakBefore = peakBytes(pid);
  let host = 100;
  const open = async (): Promise<TLSSocket> => {
    const socket = openTls({ from: block.address(++host), to: pod.address, identity });
    await once(socket, 'secureConnect');
    return socket;
  };
  const refusals = (protocol: string, reason: string) => pod.metric('sbc_refused_total', { protocol, reason });
  const isServed = async () => {
    const { status } = await askOverTls({ from: block.address(++host), to: pod.address, identity });
    assert.equal(status, 200);
  };

  await t.test('a header that never ends is cut off at its limit', async () => {
    const socket = await open();
    const end = closed(socket);
    socket.write(`OPTIONS sip:${FQDN} SIP/2.0\r\nVia: SIP/2.0/TLS x;branch=z9hG4bKendless\r\nX-Endless: `);
    const chunk = 'a'.repeat(16 * 1024);
    for (let sent = 0; sent < 64 && !socket.destroyed; sent++) socket.write(chunk);
    await end;
    assert.equal(await refusals('TLS', 'too-large'), 1);
    await isServed();
  });

  await t.test('a Content-Length beyond the limit gets 413, before one octet of the body is waited for', async () => {
    const socket = await open();
    const end = closed(socket);
    socket.write(sipRequest('OPTIONS', block.address(host)).replace('Content-Length: 0', 'Content-Length: 2000000000'));
    assert.match(await end, /^SIP\/2\.0 413 /);
    assert.equal(await refusals('TLS', 'too-large'), 2);
    await isServed();
  });

  await t.test('garbage over TLS is counted, and ends its connection', async () => {
    const socket = await open();
    const end = closed(socket);
    socket.write(Buffer.concat([randomBytes(2000), Buffer.from('\r\n\r\n')]));
    socket.end();
    await end;
    await eventually(
      'counted',
      () => refusals('TLS', 'malformed'),
      (count) => count >= 1,
    );
    await isServed();
  });

  await t.test('garbage in the place of a handshake is counted, and ends its connection', async () => {
    const socket = connect({ host: pod.address, port: 5061, localAddress: block.address(++host) });
    const end = closed(socket);
    socket.write('GET / HTTP/1.1\r\nHost: sbc\r\n\r\n');
    await end;
    await pod.metricIs('sbc_refused_total', { protocol: 'TLS', reason: 'handshake-failed' }, 1);
    await isServed();
  });

  // Both take their limit in full (10 s and 5 s), side by side.
  await t.test('who sends an octet now and then, or never begins its handshake, is cut off', async () => {
    const slow = await open();
    const ends = closed(slow);
    const text = sipRequest('OPTIONS', block.address(host));
    let at = 0;
    const drip = setInterval(() => slow.write(text[at++ % 100] ?? 'a'), 300);
    const silent = connect({ host: pod.address, port: 5061, localAddress: block.address(++host) });
    const startedMs = performance.now();
    await closed(silent);
    assert.equal(await refusals('TLS', 'handshake-timeout'), 1);
    await isServed();
    await ends;
    clearInterval(drip);
    assert.equal(await refusals('TLS', 'message-timeout'), 1);
    assert.ok(performance.now() - startedMs < 20_000);
  });

  await t.test('three hundred TLS connections of one peer are served, and others besides', async () => {
    const from = block.address(++host);
    const sockets: TLSSocket[] = [];
    for (let batch = 0; batch < 10; batch++) {
      const some = Array.from({ length: 30 }, () => openTls({ from, to: pod.address, identity }));
      await Promise.all(some.map((socket) => once(socket, 'secureConnect')));
      sockets.push(...some);
    }
    await eventually(
      'all are open',
      () => pod.metric('sbc_connections_open'),
      (count) => count >= 300,
    );
    await isServed();
    for (const socket of sockets) socket.destroy();
    await eventually(
      'all are closed',
      () => pod.metric('sbc_connections_open'),
      (count) => count < 50,
    );
  });

  await t.test('a chain of sixty certificates that take long to verify stops nobody', async (tt) => {
    const from = block.address(++host);
    // RSA below RSA, and under the name of the issuer: else OpenSSL would not go up the chain at all.
    const { issuer } = new X509Certificate(identity.certificate);
    const certificate = `${leafOf(identity.certificate)}${costlyChain(issuer, 60)}`;
    await closed(openTls({ from, to: pod.address, identity: { certificate, key: identity.key } }));
    const line = await pod.logHas('Refused a peer', { address: from, reason: 'handshake-too-costly' });
    assert.equal(line['listener'], 'teams-tls');
    const lagMs = 1000 * (await pod.metric('nodejs_eventloop_lag_max_seconds'));
    tt.diagnostic(`event loop of the runtime, since it was last asked: lag at most ${lagMs.toFixed(1)} ms`);
    await pod.metricIs('sbc_refused_total', { protocol: 'TLS', reason: 'handshake-too-costly' }, 1);
    await closed(openTls({ from, to: pod.address, identity }));
    await pod.metricIs('sbc_refused_total', { protocol: 'TLS', reason: 'handshake-cool-down' }, 1);
    await isServed();
  });

  await t.test('more connections than one address may have are turned away', async () => {
    const from = block.address(++host);
    const sockets = Array.from({ length: 540 }, () => connect({ host: pod.address, port: 5061, localAddress: from }));
    for (const socket of sockets) socket.on('error', () => undefined);
    await eventually(
      '28 are too many',
      () => refusals('TLS', 'too-many-connections-from-address'),
      (count) => count === 28,
    );
    await isServed();
    for (const socket of sockets) socket.destroy();
  });

  await t.test('a peer that asks and does not read the answers is cut off', async () => {
    const socket = await open();
    socket.on('error', () => undefined);
    socket.pause();
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const request = sipRequest('OPTIONS', block.address(host));
    const many = Buffer.from(
      Array.from({ length: 200 }, (_, at) => request.replace(/z9hG4bKt/, `z9hG4bKm${at}x`)).join(''),
      'latin1',
    );
    for (let sent = 0; sent < 500 && !socket.destroyed && (await refusals('TLS', 'write-queue-full')) === 0; sent++) {
      if (!socket.write(many)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), ended]);
    }
    await eventually(
      'it is cut off',
      () => refusals('TLS', 'write-queue-full'),
      (count) => count === 1,
    );
    socket.destroy();
    await isServed();
  });

  await t.test('strangers over UDP: REGISTER and INVITE get 403, and all is counted', async (tt) => {
    const stranger = await udp(tt, '127.8.8.8');
    const before = simulator.log.received('INVITE').length;
    for (const method of ['REGISTER', 'INVITE', 'OPTIONS'])
      await stranger.send(sipRequest(method, '127.8.8.8:5060', 'UDP', `sip:${pod.address}`), pod.address);
    await eventually(
      'three answers',
      () => stranger.heard,
      (heard) => heard.length === 3,
    );
    for (const text of stranger.heard) assert.match(text, /^SIP\/2\.0 403 /);
    // In two halves, each less than a buffer of the default size holds: what the kernel drops is counted by nobody.
    for (const counted of [253, 503]) {
      for (let sent = 0; sent < 250; sent++)
        await stranger.send(sipRequest('INVITE', '127.8.8.8:5060', 'UDP', `sip:${pod.address}`), pod.address);
      await pod.metricIs('sbc_refused_total', { protocol: 'UDP', reason: 'source-not-allowed' }, counted);
    }
    assert.ok(stranger.heard.length < 250, `${stranger.heard.length} answers: an amplifier for forged addresses`);
    assert.equal(simulator.log.received('INVITE').length, before);
    await pod.logHas('Refused a peer', { protocol: 'UDP', reason: 'source-not-allowed', address: '127.8.8.8' });
    await isServed();
  });

  await t.test('a known PBX that sends noise and every message of RFC 4475 is answered or counted', async (tt) => {
    simulator.onCall = (call) => call.reject(486);
    const pbx = await udp(tt, ground.at.pbx);
    const letters = (length: number) => `x${randomBytes(length).toString('latin1')}`;
    for (let sent = 0; sent < 200; sent++) await pbx.send(letters(1 + (sent % 1200)), pod.address);
    await pod.metricIs('sbc_refused_total', { protocol: 'UDP', reason: 'malformed' }, 200);
    for (const sends of ['', '\r\n\r\n', '\0\0\0\0', Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42])])
      await pbx.send(sends, pod.address);
    const names = readdirSync(tortures).filter((name) => name.endsWith('.dat'));
    assert.ok(names.length >= 49);
    for (const name of names) await pbx.send(readFileSync(join(tortures, name)), pod.address);
    // Largest that UDP carries, and one that says it is longer than it is.
    await pbx.send(`${'A'.repeat(65_000)} sip:x SIP/2.0\r\n\r\n`, pod.address);
    await pbx.send(
      sipRequest('OPTIONS', `${ground.at.pbx}:5060`, 'UDP').replace('Content-Length: 0', 'Content-Length: 99999'),
      pod.address,
    );
    const ok = sipRequest('OPTIONS', `${ground.at.pbx}:5060`, 'UDP', `sip:${pod.address}`);
    const callId = /^Call-ID: (.*)\r$/m.exec(ok)![1]!;
    await pbx.send(ok, pod.address);
    await eventually(
      'the last OPTIONS is answered',
      () => pbx.heard,
      (heard) => heard.some((text) => text.includes(callId) && text.startsWith('SIP/2.0 200')),
    );
    await eventually(
      'refused messages are counted',
      () => refusals('UDP', 'malformed'),
      (count) => count >= 220,
    );
    assert.ok(pbx.heard.some((text) => text.startsWith('SIP/2.0 400 ')));
    await pod.metricIs('sbc_calls_active', {}, 0);
  });

  await t.test('after all of it: the same process, no error of ours, memory bounded, and a call works', async () => {
    assert.equal(pod.pid('runtime'), pid);
    assert.deepEqual(
      stage.sbc.events.filter(({ event }) => event === 'exited' || event === 'not-ready'),
      [],
    );
    for (const protocol of ['UDP', 'TCP', 'TLS']) assert.equal(await refusals(protocol, 'internal-error'), 0);
    assert.deepEqual(
      pod.log().filter(({ level }) => level === 'error'),
      [],
    );
    const growth = peakBytes(pid) - peakBefore;
    assert.ok(growth < MAX_GROWTH_BYTES, `grew by ${Math.round(growth / MEGABYTE)} MB`);
    await ground.startPbx();
    const call = await simulator.call({ sbc: `${FQDN}:5061`, to: PBX_NUMBER });
    await call.answered;
    await call.bye();
    await pod.isEmpty();
  });
});
