import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { OnceAMinute } from './once-a-minute.ts';

test('a line is due at once, and for the same key not again before a minute is over', () => {
  const clock = new VirtualClock();
  const lines = new OnceAMinute(clock);
  assert.deepEqual([lines.isDue('a'), lines.isDue('a'), lines.isDue('b')], [true, false, true]);
  clock.advance(59_999);
  assert.equal(lines.isDue('a'), false);
  clock.advance(1);
  assert.deepEqual([lines.isDue('a'), lines.isDue('a')], [true, false]);
});

test('of all keys together twenty lines a second are due, and it is told how many were left out', () => {
  const clock = new VirtualClock();
  const lines = new OnceAMinute(clock);
  const due = (count: number, name: string) =>
    Array.from({ length: count }, (_, at) => lines.isDue(`${name} ${at}`)).filter(Boolean).length;
  assert.equal(due(1300, 'first'), 20);
  clock.advance(999);
  assert.equal(due(10, 'later'), 0);
  assert.deepEqual([lines.takeLeftOut(), lines.takeLeftOut()], [1290, undefined]);
  clock.advance(1);
  assert.equal(lines.isDue('first 0'), false, 'it had its line');
  assert.equal(lines.isDue('later 0'), true, 'it had none');
});

test('a key that had its line has no other within the minute, however many keys come in between', () => {
  const clock = new VirtualClock();
  const lines = new OnceAMinute(clock);
  assert.equal(lines.isDue('first'), true);
  for (let second = 0; second < 59; second += 1) {
    clock.advance(1000);
    for (let key = 0; key < 1300; key += 1) lines.isDue(`${second} ${key}`);
  }
  assert.equal(lines.isDue('first'), false);
  clock.advance(1000);
  assert.equal(lines.isDue('first'), true);
});
