import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { HandshakeQueue } from './handshake-queue.ts';

function started(maxHandshakes = 8) {
  const clock = new VirtualClock();
  const late: Socket[] = [];
  const limits = { maxHandshakes, handshakeTimeoutMs: 5_000 };
  const queue = new HandshakeQueue({ clock, limits, onTimeout: (socket) => late.push(socket) });
  return { clock, queue, late };
}

const ONE = '127.77.1.1';
const OTHER = '127.77.1.2';

test('whoever of an address has waited longest comes next', () => {
  const { queue } = started();
  const sockets = [new Socket(), new Socket(), new Socket()] as const;
  queue.enter(sockets[0], ONE, 1);
  queue.enter(sockets[1], OTHER, 2);
  queue.enter(sockets[2], ONE, 3);
  assert.equal(queue.next(ONE)?.socket, sockets[0]);
  assert.deepEqual(queue.next(ONE)?.port, 3);
  assert.equal(queue.next(ONE), undefined);
  assert.equal(queue.next(OTHER)?.socket, sockets[1]);
});

test('a socket that is closed while it waits is not reported as late, and leaves its place', async () => {
  const { clock, queue, late } = started(1);
  const gone = new Socket();
  assert.equal(queue.enter(gone, ONE, 1), true);
  assert.equal(queue.enter(new Socket(), ONE, 2), false, 'there is one place');
  gone.destroy();
  await once(gone, 'close');
  assert.equal(clock.pending, 0, 'its timer is gone');
  clock.advance(60_000);
  assert.deepEqual(late, []);
  assert.equal(queue.enter(new Socket(), OTHER, 3), true);
  assert.equal(queue.next(ONE), undefined);
});

test('a socket that waits for too long is reported once, and is not let in any more', () => {
  const { clock, queue, late } = started();
  const slow = new Socket();
  queue.enter(slow, ONE, 1);
  clock.advance(4_999);
  assert.deepEqual(late, []);
  clock.advance(1);
  assert.deepEqual(late, [slow]);
  assert.equal(queue.next(ONE), undefined);
});

test('closing ends all that wait, and leaves no timer', () => {
  const { clock, queue, late } = started();
  const sockets = [new Socket(), new Socket()] as const;
  queue.enter(sockets[0], ONE, 1);
  queue.enter(sockets[1], OTHER, 2);
  queue.close();
  assert.deepEqual([sockets[0].destroyed, sockets[1].destroyed, clock.pending, late.length], [true, true, 0, 0]);
});
