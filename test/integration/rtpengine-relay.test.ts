/** Our relay and a real rtpengine: its limits, its end and its return. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import type { RunningProcess } from '../kit/process.ts';
import { connectRelay, pbxSdp, pbxSide, startRtpengine, teamsSide, until } from './rtpengine-daemon.ts';
import type { ConnectedRelay } from './rtpengine-daemon.ts';

const TIMEOUT = { timeout: 120_000 };
/** Where the time for an answer is not the matter: a machine that is busy otherwise has as long as the test has. */
const PATIENT = { timeoutMs: TIMEOUT.timeout };

async function withRtpengine(
  block: number,
  args: string[],
  body: (connected: ConnectedRelay, daemon: RunningProcess) => Promise<void>,
) {
  const daemon = await startRtpengine(block, ...args);
  const connected = connectRelay(block, 'sbc-0', PATIENT);
  try {
    await connected.becomes(true);
    // The look for sessions of an earlier process is over: it would take the place of a request.
    await connected.isSettled();
    await body(connected, daemon);
  } finally {
    connected.relay.close();
    await daemon.end();
  }
}

const offerOf = (session: string) => ({ session, fromTag: 'f', sdp: pbxSdp(), from: pbxSide, to: teamsSide });

describe('The relay and a real rtpengine', () => {
  it('deletes a session at once', TIMEOUT, async () => {
    await withRtpengine(12, [], async ({ relay, offer, sessions, isSettled }) => {
      await offer(offerOf('a'));
      assert.equal((await sessions()).length, 1);
      relay.delete('a');
      relay.delete('never-there');
      await isSettled();
      assert.deepEqual(await sessions(), []);
    });
  });

  it('refuses with 503 where it has no ports or no sessions left', TIMEOUT, async () => {
    await withRtpengine(13, ['--port-max=30003'], async ({ offer }) => {
      assert.equal((await offer(offerOf('a'))).kind, 'sdp');
      assert.equal((await offer(offerOf('b'))).kind, 'sdp');
      assert.deepEqual(await offer(offerOf('c')), { kind: 'refused', reason: 'Ran out of ports', status: 503 });
    });
    await withRtpengine(13, ['--max-sessions=1'], async ({ offer }) => {
      assert.equal((await offer(offerOf('a'))).kind, 'sdp');
      assert.deepEqual(await offer(offerOf('b')), {
        kind: 'refused',
        reason: 'Parallel session limit reached',
        status: 503,
      });
    });
  });

  it('answers a repeated datagram from its cache: the command runs once', TIMEOUT, async () => {
    await withRtpengine(14, [], async ({ sessions, ask }) => {
      const socket = createSocket('udp4');
      const answers: string[] = [];
      socket.on('message', (datagram) => answers.push(datagram.toString('latin1')));
      const datagram = `cookie_1 d7:command5:offer7:call-id1:x8:from-tag1:f3:sdp${pbxSdp().length}:${pbxSdp()}e`;
      for (let count = 0; count < 3; count += 1) socket.send(datagram, 2223, '127.78.14.1');
      await until(() => answers.length === 3);
      assert.equal(new Set(answers).size, 1);
      assert.deepEqual(await sessions(), ['x']);
      await ask({ command: 'delete', 'call-id': 'x', 'delete delay': 0 });
      socket.send(datagram, 2223, '127.78.14.1');
      await until(() => answers.length === 4);
      assert.deepEqual(await sessions(), []);
      socket.close();
    });
  });

  it('ends the sessions that an earlier process of the pod has left, and no others', TIMEOUT, async () => {
    await withRtpengine(15, ['--port-max=34000'], async (earlier) => {
      for (let count = 0; count < 600; count += 1) await earlier.offer(offerOf(`left-${count}`));
      const otherPod = connectRelay(15, 'sbc-1', PATIENT);
      await otherPod.becomes(true);
      await otherPod.offer(offerOf('kept'));
      const later = connectRelay(15, 'sbc-0', PATIENT);
      await later.becomes(true);
      await later.offer(offerOf('new'));
      let left: readonly string[] = [];
      while ((left = await later.sessions()).length > 2) await until(() => true);
      assert.deepEqual(left.map((name) => [name.split(':')[0], name.split(':')[2]]).sort(), [['sbc-0', 'new'], ['sbc-1', 'kept']]); // prettier-ignore
      otherPod.relay.close();
      later.relay.close();
    });
  });

  it(
    'is unavailable when rtpengine is killed, and available when it is started again; owed deletes are settled',
    TIMEOUT,
    async () => {
      const first = await startRtpengine(16);
      const connected = connectRelay(16, 'sbc-0', { pingEveryMs: 300 });
      await connected.becomes(true);
      await connected.offer(offerOf('a'));
      first.signal('SIGKILL');
      await first.ended;
      const during = connected.offer(offerOf('b'));
      await connected.becomes(false);
      assert.equal((await during).kind, 'unavailable');
      assert.equal((await connected.offer(offerOf('c'))).kind, 'unavailable');
      connected.relay.delete('a');
      const second = await startRtpengine(16);
      await connected.becomes(true);
      await connected.isSettled();
      assert.equal((await connected.offer(offerOf('d'))).kind, 'sdp');
      assert.deepEqual(connected.warnings, [
        'RTPEngine does not answer: calls are refused until it does',
        'RTPEngine has lost media sessions: their calls end',
      ]);
      connected.relay.close();
      await second.end();
    },
  );

  it('hears no other address than that of rtpengine', TIMEOUT, async () => {
    await withRtpengine(17, [], async ({ client, ask }) => {
      const forger = createSocket('udp4');
      await new Promise<void>((resolve) => forger.bind(0, '127.78.17.9', resolve));
      const ours = await localPorts('127.78.17.1');
      assert.ok(ours.length > 0);
      for (const port of ours)
        await new Promise((resolve) => forger.send('cookie d6:result2:oke', port, '127.0.0.1', resolve));
      await ask({ command: 'ping' });
      assert.equal(client.ignored.stray, 0);
      forger.close();
    });
  });

  it('takes 1200 calls at once without losing one', TIMEOUT, async () => {
    await withRtpengine(18, ['--port-max=40000'], async ({ relay, offer, sessions, isSettled }) => {
      const results = await Promise.all(Array.from({ length: 1200 }, (_, index) => offer(offerOf(`s${index}`))));
      assert.deepEqual(
        results.filter(({ kind }) => kind !== 'sdp'),
        [],
      );
      for (let index = 0; index < results.length; index += 1) relay.delete(`s${index}`);
      await isSettled();
      assert.deepEqual(await sessions(), []);
    });
  });
});

/** Local ports of the UDP sockets that are connected to `address`, from /proc. */
async function localPorts(address: string): Promise<number[]> {
  const { readFile } = await import('node:fs/promises');
  const remote = address.split('.').reverse().map((octet) => Number(octet).toString(16).padStart(2, '0')).join('').toUpperCase(); // prettier-ignore
  const table = (await readFile('/proc/net/udp', 'latin1')).split('\n').map((line) => line.trim().split(/\s+/));
  return table
    .filter((row) => row[2]?.startsWith(`${remote}:`))
    .map((row) => parseInt(row[1]?.split(':')[1] ?? '0', 16));
}
