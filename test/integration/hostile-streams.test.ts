/** Streams that are used as weapons: each is bounded by `transport/limits.ts`, and a good peer is served throughout. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { assertCallWorks, assertUnharmed, raiseLiveStage, TlsPeer } from '../conformance/live/live-stage.ts';
import { FQDN } from '../kit/ground.ts';
import type { KeyPair } from '../teams-simulator/teams-simulator.ts';
import { eventually } from './local-observe.ts';
import { askOverTls, openTls, sipRequest } from './tls-client.ts';

const MAX_GROWTH_MEGABYTES = 150;
const STORM = 150;
const PORT = 5061;

/** Asks again as soon as it was answered, on one connection, until it is told to stop; then says how often. */
function goodPeer(peer: TlsPeer): () => Promise<number> {
  let answered = 0;
  const end = new AbortController();
  const asking = (async () => {
    while (!end.signal.aborted) {
      peer.heard = '';
      assert.equal(await peer.probe(), 200);
      answered += 1;
    }
  })();
  // Its failure is told where it is awaited.
  asking.catch(() => undefined);
  return async () => {
    end.abort();
    await asking;
    return answered;
  };
}

const closed = async (socket: Socket): Promise<void> => {
  socket.on('error', () => undefined);
  socket.resume();
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
};

test('hostile streams', async (t) => {
  const stage = await raiseLiveStage(t);
  const { block, pod, identity, ground } = stage;
  let host = 100;
  const next = () => block.address(++host);
  const good = await TlsPeer.open(stage, next());
  const stopGood = goodPeer(good);
  t.after(async () => {
    good.close();
    await stopGood().catch(() => undefined);
  });
  const refusals = (reason: string) => pod.metric('sbc_refused_total', { protocol: 'TLS', reason });
  const refusalsAre = (reason: string, holds: (count: number) => boolean) =>
    eventually(reason, () => refusals(reason), holds);

  const options = (length: string, from: string) =>
    sipRequest('OPTIONS', from).replace('Content-Length: 0\r\n', () => length);
  for (const [what, line, status] of [
    ['negative', 'Content-Length: -1\r\n', 400],
    ['signed', 'Content-Length: +5\r\n', 400],
    ['2^31', 'Content-Length: 2147483648\r\n', 413],
    ['2^53', 'Content-Length: 9007199254740993\r\n', 400],
    ['1e3', 'Content-Length: 1e3\r\n', 400],
    ['in hexadecimal', 'Content-Length: 0x10\r\n', 400],
    ['empty', 'Content-Length:\r\n', 400],
    ['missing', '', 400],
    ['one octet beyond the limit', `l: ${256 * 1024 + 1}\r\n`, 413],
    ['two that differ', 'Content-Length: 0\r\nl: 5\r\n', 400],
    ['two in one line', 'Content-Length: 0, 5\r\n', 400],
    ['folded', 'Content-Length:\r\n 0 \r\n 5\r\n', 400],
  ] as const) {
    await t.test(`a Content-Length that is ${what}: ${status}, and the connection ends`, async () => {
      const peer = await TlsPeer.open(stage, next());
      peer.send(options(line, peer.address));
      await eventually(
        'it is closed',
        () => peer.isClosed,
        (isClosed) => isClosed,
      );
      assert.match(peer.heard, new RegExp(`^SIP/2\\.0 ${status} `));
      assert.equal(peer.messages().length, 1);
    });
  }

  await t.test(
    'five hundred messages in one piece are all answered; garbage behind them ends the connection',
    async () => {
      const peer = await TlsPeer.open(stage, next());
      peer.send(Array.from({ length: 500 }, () => sipRequest('OPTIONS', peer.address)).join(''));
      peer.send(`${'\0garbage \xff'.repeat(50)}\r\n\r\n`);
      await eventually(
        'it is closed',
        () => peer.isClosed,
        (isClosed) => isClosed,
      );
      assert.equal(peer.heard.match(/^SIP\/2\.0 200 /gm)?.length, 500);
    },
  );

  await t.test('who closes its half of the connection still gets its answers', async () => {
    const peer = await TlsPeer.open(stage, next());
    for (let asked = 0; asked < 20; asked++) peer.send(sipRequest('OPTIONS', peer.address));
    peer.socket.end();
    await eventually(
      'it is closed',
      () => peer.isClosed,
      (isClosed) => isClosed,
    );
    assert.equal(peer.heard.match(/^SIP\/2\.0 200 /gm)?.length, 20);
  });

  await t.test('a head of the largest size is read, one octet more is not', async () => {
    const padded = (octets: number, from: string) => {
      const text = sipRequest('OPTIONS', from);
      const missing = octets - (text.length - 4) - 'X-Pad: \r\n'.length;
      return text.replace('Content-Length', () => `X-Pad: ${'p'.repeat(missing)}\r\nContent-Length`);
    };
    const before = await refusals('too-large');
    const fits = await TlsPeer.open(stage, next());
    fits.send(padded(64 * 1024, fits.address));
    await eventually(
      'it is answered',
      () => fits.heard,
      (heard) => heard.startsWith('SIP/2.0 200 '),
    );
    fits.close();
    const tooLarge = await TlsPeer.open(stage, next());
    tooLarge.send(padded(64 * 1024 + 1, tooLarge.address));
    await eventually(
      'it is closed',
      () => tooLarge.isClosed,
      (isClosed) => isClosed,
    );
    assert.equal(await refusals('too-large'), before + 1);
  });

  await t.test('connections that are reset, in their handshake and after it, leave nothing behind', async () => {
    const from = next();
    for (let batch = 0; batch < 5; batch++) {
      const raw = Array.from({ length: STORM / 5 }, () =>
        connect({ host: pod.address, port: PORT, localAddress: from }),
      );
      const secure = Array.from({ length: STORM / 5 }, () => openTls({ from, to: pod.address, identity }));
      await Promise.all([
        ...raw.map(async (socket) => {
          socket.on('error', () => undefined);
          await once(socket, 'connect');
          socket.write('\x16\x03\x01');
          socket.resetAndDestroy();
        }),
        ...secure.map(async (socket) => {
          socket.on('error', () => undefined);
          await once(socket, 'secureConnect');
          socket.pause();
          socket.write(sipRequest('INVITE', from));
          // With octets that nobody has read, the kernel resets instead of closing.
          socket.destroy();
        }),
      ]);
    }
    await eventually(
      'only the good ones are open',
      () => pod.metric('sbc_connections_open', {}),
      (open) => open < 10,
    );
  });

  await t.test('a storm of wrong certificates: every one is refused', async () => {
    const wrong: readonly KeyPair[] = [
      await ground.pki.rogueMicrosoft(),
      await ground.pki.wrongName(),
      await ground.pki.expiredMicrosoft(),
    ];
    const from = next();
    const before = await refusals('certificate-refused');
    const sockets: TLSSocket[] = [];
    for (let at = 0; at < STORM; at++) {
      const socket = openTls({ from, to: pod.address, identity: wrong[at % wrong.length]! });
      socket.on('secureConnect', () => socket.write(sipRequest('INVITE', from)));
      sockets.push(socket);
    }
    await Promise.all(sockets.map(closed));
    assert.equal(await refusals('certificate-refused'), before + STORM);
    assert.equal((await askOverTls({ from: next(), to: pod.address, identity })).status, 200);
  });

  // Side by side: each takes its limit in full (5 s for a handshake, 10 s for a message).
  await t.test('who is slow in any way is cut off in time', async (tt) => {
    const drips: NodeJS.Timeout[] = [];
    tt.after(() => drips.forEach((timer) => clearInterval(timer)));
    const drip = (socket: Socket, text: string) => {
      let at = 0;
      drips.push(setInterval(() => socket.writable && socket.write(text[at++ % text.length]!, 'latin1'), 200));
    };
    const before = { message: await refusals('message-timeout'), handshake: await refusals('handshake-timeout') };
    const peers = await Promise.all(Array.from({ length: 4 }, () => TlsPeer.open(stage, next())));
    const [head, line, body, folded] = peers as [TlsPeer, TlsPeer, TlsPeer, TlsPeer];
    drip(head.socket, sipRequest('OPTIONS', head.address).slice(0, -2));
    line.send(`OPTIONS sip:${FQDN}:5061 SIP/2.0\r\nX-Endless: `);
    drip(line.socket, 'a');
    body.send(options('Content-Length: 1000\r\n', body.address));
    drip(body.socket, 'b');
    folded.send(`OPTIONS sip:${FQDN}:5061 SIP/2.0\r\nX-Endless: a`);
    drip(folded.socket, '\r\n ');
    const handshakes = Array.from({ length: 30 }, () =>
      connect({ host: pod.address, port: PORT, localAddress: next() }),
    );
    // The beginning of a ClientHello, of which more comes now and then.
    for (const socket of handshakes) socket.write('\x16\x03\x01\x02\x00\x01\x00', 'latin1');
    for (const socket of handshakes.slice(0, 5)) drip(socket, '\0');
    await Promise.all([...handshakes.map(closed), ...peers.map(({ socket }) => closed(socket))]);
    await refusalsAre('message-timeout', (count) => count === before.message + 4);
    await refusalsAre('handshake-timeout', (count) => count === before.handshake + 30);
  });

  await t.test(
    'all the while a good peer was answered on its one connection, and the process is unharmed',
    async () => {
      const answered = await stopGood();
      assert.ok(answered > 50, `${answered} answers`);
      good.close();
      await assertCallWorks(stage);
      await assertUnharmed(stage, MAX_GROWTH_MEGABYTES);
    },
  );
});
