import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PerSecond } from './per-second.ts';
import { VirtualClock } from './virtual-clock.ts';

const taken = (places: PerSecond, tries: number) => Array.from({ length: tries }, () => places.take());

test('the first of a second get a place, the others none', () => {
  const places = new PerSecond(new VirtualClock(), 2);
  assert.deepEqual(taken(places, 4), [true, true, false, false]);
});

test('a second begins with whoever comes first after the one before', () => {
  const clock = new VirtualClock();
  const places = new PerSecond(clock, 1);
  clock.advance(700);
  assert.deepEqual(taken(places, 2), [true, false]);
  clock.advance(999);
  assert.deepEqual(taken(places, 1), [false]);
  clock.advance(1);
  assert.deepEqual(taken(places, 2), [true, false]);
});

test('where nobody is let through, nobody is', () => {
  assert.deepEqual(taken(new PerSecond(new VirtualClock(), 0), 2), [false, false]);
});
