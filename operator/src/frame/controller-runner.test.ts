import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { Log } from '../kernel/log.ts';
import { silentLog } from '../kernel/log.ts';
import { ApiError, ConnectionError, Obstacle, WriteRefused } from '../kube/api-error.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import { ControllerRunner } from './controller-runner.ts';
import type { Reconciler } from './controller.ts';

function setUp(reconcile: Reconciler['reconcile'], workers = 2) {
  const clock = new VirtualClock();
  const results: string[] = [];
  const errors: unknown[] = [];
  const lines: Parameters<Log['error']>[1][] = [];
  const error: Log['error'] = (_message, fields) => {
    lines.push(fields);
    errors.push(fields?.['error']);
  };
  const log: Log = { ...silentLog, error };
  const queue = new WorkQueue({ clock, random: { fraction: () => 0.5 } });
  const metrics = { reconciled: (_name: string, result: string) => void results.push(result) };
  const runner = new ControllerRunner({ name: 'test', reconciler: { reconcile }, queue, workers, metrics, log });
  return { clock, results, errors, lines, queue, runner };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));
const key = { namespace: 'default', name: 'one' };
const conflict = new ApiError({ code: 409, reason: 'Conflict', message: 'somebody was faster' });

describe('A controller', () => {
  it('has keys wait until it starts, and reconciles them by name', async () => {
    const seen: unknown[] = [];
    const { runner } = setUp(async (each) => void seen.push(each));
    runner.enqueue(key);
    runner.enqueue(key);
    await turn();
    assert.deepEqual(seen, []);
    runner.start();
    await turn();
    assert.deepEqual(seen, [key]);
    await runner.stop();
  });

  it('works on different keys at once, on one key never', async () => {
    const running: string[] = [];
    let most = 0;
    let end = (): void => undefined;
    const open = new Promise<void>((resolve) => (end = resolve));
    const { runner } = setUp(async ({ name }) => {
      assert.equal(running.includes(name), false);
      running.push(name);
      most = Math.max(most, running.length);
      await open;
      running.splice(running.indexOf(name), 1);
      return undefined;
    }, 3);
    runner.start();
    for (const name of ['a', 'a', 'b', 'c', 'd']) runner.enqueue({ ...key, name });
    await turn();
    runner.enqueue({ ...key, name: 'a' });
    end();
    await turn();
    assert.equal(most, 3);
    await runner.stop();
  });

  it('comes back when the reconcile asks for it', async () => {
    const { clock, results, runner } = setUp(async () => ({ requeueAfterMs: 1_000 }));
    runner.start();
    runner.enqueue(key);
    await turn();
    clock.advance(1_000);
    await turn();
    assert.deepEqual(results, ['requeued', 'requeued']);
    await runner.stop();
  });

  const failures: readonly [string, Error, string, number][] = [
    ['a conflict quietly', conflict, 'conflict', 0],
    ['a write without the lease quietly', new WriteRefused('no'), 'refused', 0],
    ['an API server that is away', new ConnectionError('away'), 'unreachable', 1],
    ['a bug', new TypeError('undefined is not a function'), 'error', 1],
    [
      'an object that is gone',
      new ApiError({ code: 404, reason: 'NotFound', message: 'pods "a" not found' }),
      'error',
      1,
    ],
  ];
  for (const [what, error, result, lines] of failures) {
    it(`tries again after ${what}, and says it ${lines === 0 ? 'not at all' : 'once'}`, async () => {
      const { clock, results, errors, runner } = setUp(() => Promise.reject(error));
      runner.start();
      runner.enqueue(key);
      for (let i = 0; i < 3; i++) {
        await turn();
        clock.advance(1_000);
      }
      await turn();
      assert.deepEqual(results, [result, result, result, result]);
      assert.equal(errors.length, lines);
      await runner.stop();
    });
  }

  it('says nothing of a namespace that is being deleted, and looks again later', async () => {
    const message =
      'serviceaccounts "sbc-runtime" is forbidden: unable to create new content in namespace voice because it is being terminated';
    for (const error of [
      new ApiError({ code: 403, reason: 'Forbidden', message }),
      new ApiError({ code: 404, reason: 'NotFound', message: 'namespaces "voice" not found' }),
    ]) {
      const { clock, results, errors, runner } = setUp(() => Promise.reject(error));
      runner.start();
      runner.enqueue(key);
      await turn();
      clock.advance(10_000);
      await turn();
      assert.deepEqual([results, errors], [['requeued', 'requeued'], []]);
      await runner.stop();
    }
  });

  it('tells a bug with its stack, and what stands in the way in one sentence', async () => {
    for (const [error, hasStack] of [
      [new TypeError('undefined is not a function'), true],
      [new Obstacle('Cannot write Role sbc-runtime: there is one already'), false],
    ] as const) {
      const { lines, runner } = setUp(() => Promise.reject(error));
      runner.start();
      runner.enqueue(key);
      await turn();
      assert.deepEqual(
        lines.map((fields) => [fields?.['error'], 'stack' in (fields ?? {})]),
        [[error.message, hasStack]],
      );
      await runner.stop();
    }
  });

  it('comes back within seconds of an API server that was away for an hour', async () => {
    let isAway = true;
    const { clock, results, runner } = setUp(async () => {
      if (isAway) throw new ConnectionError('away');
      return undefined;
    });
    runner.start();
    runner.enqueue(key);
    for (let second = 0; second < 3600; second++) {
      await turn();
      clock.advance(1_000);
    }
    await turn();
    isAway = false;
    clock.advance(5_000);
    await turn();
    assert.equal(results.at(-1), 'done');
    await runner.stop();
  });

  it('waits as long as the API server asks', async () => {
    const error = new ApiError({ code: 429, reason: '', message: 'slow down', retryAfterSeconds: 5 });
    const { clock, results, runner } = setUp(() => Promise.reject(error));
    runner.start();
    runner.enqueue(key);
    await turn();
    clock.advance(4_999);
    await turn();
    assert.equal(results.length, 1);
    clock.advance(1);
    await turn();
    assert.equal(results.length, 2);
    await runner.stop();
  });

  it('stops when what runs has ended', async () => {
    let end = (): void => undefined;
    const open = new Promise<undefined>((resolve) => (end = () => resolve(undefined)));
    const { results, runner } = setUp(() => open);
    runner.start();
    runner.enqueue(key);
    await turn();
    const stopped = runner.stop();
    runner.enqueue({ ...key, name: 'late' });
    end();
    await stopped;
    assert.deepEqual(results, ['done']);
  });
});
