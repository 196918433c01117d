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

test('of very many keys the oldest is forgotten, so that a flood of addresses takes no memory', () => {
  const lines = new OnceAMinute(new VirtualClock());
  for (let key = 0; key <= 1024; key += 1) lines.isDue(String(key));
  assert.deepEqual([lines.isDue('1024'), lines.isDue('0')], [false, true]);
});
