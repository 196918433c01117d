import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { WorkQueue, queueLimits } from './work-queue.ts';
import type { QueueLimits } from './work-queue.ts';

function setUp(limits: Partial<QueueLimits> = {}) {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock, random: { fraction: () => 0.5 }, limits: { ...queueLimits, ...limits } });
  return { clock, queue };
}

describe('The work queue', () => {
  it('hands out keys in the order of their first add, each once', async () => {
    const { queue } = setUp();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    assert.deepEqual([await queue.take(), await queue.take(), await queue.take()], ['a', 'b', 'c']);
    assert.equal(queue.depth, 0);
  });

  it('keeps a key that is added while it is worked on until that is done', async () => {
    const { queue } = setUp();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    assert.equal(queue.depth, 0);
    queue.done('a');
    assert.equal(queue.depth, 1);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    assert.equal(queue.depth, 0);
  });

  it('doubles the back-off of a key from 5 ms to 1000 s, and begins anew after a success', () => {
    const { clock, queue } = setUp({ burst: 1e9, retriesPerSecond: 1e6 });
    const delays: number[] = [];
    for (let i = 0; i < 20; i++) {
      queue.retry('a');
      const startMs = clock.nowMs();
      while (queue.depth === 0) clock.advance(5);
      delays.push(clock.nowMs() - startMs);
      void queue.take();
      queue.done('a');
    }
    assert.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
    assert.equal(delays.at(-1), 1_000_000);
    assert.equal(queue.failuresOf('a'), 20);
    queue.forget('a');
    queue.retry('a');
    clock.advance(5);
    assert.equal(queue.depth, 1);
  });

  it('waits for what changes together, a second at most, and nothing else is quicker meanwhile', async () => {
    const { clock, queue } = setUp();
    const settling = { quietMs: 200, atLeastMs: 25, atMostMs: 1000 };
    queue.settle('a', settling);
    clock.advance(150);
    queue.settle('a', settling);
    queue.add('a');
    queue.addAfter('a', 10);
    queue.retry('a');
    clock.advance(199);
    assert.deepEqual([queue.depth, queue.delayed], [0, 1]);
    clock.advance(1);
    assert.deepEqual([queue.depth, queue.delayed], [1, 0]);
    assert.equal(await queue.take(), 'a');
    queue.done('a');
    const startMs = clock.nowMs();
    while (queue.depth === 0) {
      queue.settle('a', settling);
      clock.advance(100);
    }
    assert.equal(clock.nowMs() - startMs, 1000);
  });

  it('gives a key that is worked on back only once what has changed since has settled', async () => {
    const { clock, queue } = setUp();
    queue.add('a');
    await queue.take();
    queue.settle('a', { quietMs: 200, atLeastMs: 1800, atMostMs: 1800 });
    queue.done('a');
    clock.advance(1799);
    assert.equal(queue.depth, 0);
    clock.advance(1);
    assert.equal(queue.depth, 1);
    queue.settle('b', { quietMs: 200, atLeastMs: 0, atMostMs: 1000 });
    queue.shutDown();
    assert.equal(queue.delayed, 0);
  });

  it('waits as long as a server asks', () => {
    const { clock, queue } = setUp();
    queue.retry('a', { atLeastMs: 7_000 });
    clock.advance(6_999);
    assert.equal(queue.depth, 0);
    clock.advance(1);
    assert.equal(queue.depth, 1);
  });

  it('waits no longer than it is told, and what was cut short so does not lengthen a later wait', () => {
    const { clock, queue } = setUp({ burst: 1e9, retriesPerSecond: 1e6 });
    const waited = (bounds?: { atMostMs: number }) => {
      queue.retry('a', bounds);
      const startMs = clock.nowMs();
      while (queue.depth === 0) clock.advance(5);
      void queue.take();
      queue.done('a');
      return clock.nowMs() - startMs;
    };
    const delays = Array.from({ length: 20 }, () => waited({ atMostMs: 100 }));
    assert.deepEqual([delays[0], delays[1], delays.at(-1)], [5, 10, 100]);
    assert.equal(waited(), 160);
  });

  it('lets a burst of retries pass, then so many a second', () => {
    const { clock, queue } = setUp({ burst: 10, retriesPerSecond: 5 });
    for (let i = 0; i < 20; i++) queue.retry(`k${i}`);
    clock.advance(10);
    assert.equal(queue.depth, 10);
    clock.advance(1_000);
    assert.equal(queue.depth, 15);
    clock.advance(1_000);
    assert.equal(queue.depth, 20);
  });

  it('takes the earliest of several times, and an add at once overtakes them', () => {
    const { clock, queue } = setUp();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 200);
    assert.equal(queue.delayed, 1);
    clock.advance(50);
    assert.deepEqual([queue.depth, queue.delayed], [1, 0]);
    queue.addAfter('b', 50);
    queue.add('b');
    assert.deepEqual([queue.depth, queue.delayed], [2, 0]);
  });

  it('ends: takers get nothing, what is worked on may end, nothing is taken any more', async () => {
    const { clock, queue } = setUp();
    queue.add('a');
    await queue.take();
    const waiting = queue.take();
    queue.addAfter('b', 10);
    queue.shutDown();
    assert.equal(await waiting, undefined);
    queue.add('c');
    clock.advance(100);
    assert.deepEqual([queue.depth, queue.delayed, await queue.take()], [0, 0, undefined]);
    const idle = queue.idle();
    queue.done('a');
    await idle;
    assert.equal(queue.processing, 0);
  });

  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), key: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant('take' as const) }),
    fc.record({ kind: fc.constant('done' as const) }),
    fc.record({ kind: fc.constant('retry' as const) }),
    fc.record({ kind: fc.constant('pass' as const) }),
  );
  it('never hands out a key twice at once, and loses no add', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100 }), async (steps) => {
        const { clock, queue } = setUp();
        const running: string[] = [];
        const wanted = new Set<string>();
        const take = async () => {
          const key = await queue.take();
          assert.ok(key !== undefined && !running.includes(key));
          wanted.delete(key);
          running.push(key);
        };
        for (const each of steps) {
          if (each.kind === 'add') {
            queue.add(`k${each.key}`);
            wanted.add(`k${each.key}`);
          } else if (each.kind === 'take' && queue.depth > 0) await take();
          else if (each.kind === 'pass') clock.advance(1_000_000);
          else if (running.length > 0 && each.kind !== 'take') {
            const key = running.shift()!;
            if (each.kind === 'retry') {
              queue.retry(key);
              wanted.add(key);
            }
            queue.done(key);
          }
        }
        for (let round = 0; round < 100 && (wanted.size > 0 || running.length > 0); round++) {
          for (const key of running.splice(0)) queue.done(key);
          clock.advance(1_000_000);
          while (queue.depth > 0) await take();
        }
        assert.deepEqual([...wanted], []);
      }),
    );
  });
});
