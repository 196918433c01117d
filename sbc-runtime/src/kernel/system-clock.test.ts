import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './system-clock.ts';

const unexpected = (error: unknown) => {
  throw error;
};

test('a timer fires, and not before its time', async () => {
  const clock = systemClock({ onError: unexpected });
  const startMs = clock.nowMs();
  await new Promise<void>((resolve) => {
    clock.after(15, resolve);
  });
  assert.ok(clock.nowMs() - startMs >= 15);
});

test('a cancelled timer does not fire; cancelling it again, or a fired one, does nothing', async () => {
  const clock = systemClock({ onError: unexpected });
  const fired: string[] = [];
  const cancelled = clock.after(10, () => fired.push('cancelled'));
  clock.cancel(cancelled);
  clock.cancel(cancelled);
  const last = await new Promise<ReturnType<typeof clock.after>>((resolve) => {
    const timer = clock.after(20, () => {
      fired.push('last');
      resolve(timer);
    });
  });
  clock.cancel(last);
  assert.deepEqual(fired, ['last']);
});

test('an exception in a callback reaches onError', async () => {
  const told = await new Promise<unknown>((resolve) => {
    systemClock({ onError: resolve }).after(0, () => {
      throw new Error('broken');
    });
  });
  assert.deepEqual(told, new Error('broken'));
});

test('a clock that was emptied starts again', async () => {
  const clock = systemClock({ onError: unexpected });
  clock.cancel(clock.after(10, () => undefined));
  await new Promise<void>((resolve) => {
    clock.after(10, resolve);
  });
  const secondMs = clock.nowMs();
  await new Promise<void>((resolve) => {
    clock.after(10, resolve);
  });
  assert.ok(clock.nowMs() - secondMs >= 10);
});
