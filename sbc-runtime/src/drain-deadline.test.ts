import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrainDeadline } from './drain-deadline.ts';
import { VirtualClock } from './kernel/virtual-clock.ts';

function setUp(longestSeconds = 600) {
  const clock = new VirtualClock();
  let ends = 0;
  const deadline = new DrainDeadline({ clock, longestSeconds, onOver: () => void (ends += 1) });
  const passes = (seconds: number) => {
    clock.advance(seconds * 1000);
    return ends;
  };
  return { deadline, passes };
}

test('calls are hung up when the time of the document is over', () => {
  const { deadline, passes } = setUp();
  deadline.start(60);
  assert.equal(passes(59), 0);
  assert.equal(passes(1), 1);
});

test('a lower value in a new document counts from the beginning of the drain', () => {
  const { deadline, passes } = setUp();
  deadline.start(600);
  passes(100);
  deadline.change(150);
  assert.equal(passes(49), 0);
  assert.equal(passes(1), 1);
  assert.equal(passes(1000), 1);
});

test('a lower value whose time is over already hangs up at once', () => {
  const { deadline, passes } = setUp();
  deadline.start(600);
  passes(100);
  deadline.change(30);
  assert.equal(passes(0), 1);
});

test('a higher value counts no further than the pod was made for', () => {
  const { deadline, passes } = setUp(120);
  deadline.start(120);
  deadline.change(86_400);
  assert.equal(passes(119), 0);
  assert.equal(passes(1), 1);
});

test('a pod whose document asks for more than it was made for ends in time to say goodbye', () => {
  const { deadline, passes } = setUp(120);
  deadline.start(600);
  assert.equal(passes(120), 1);
});

test('a second start does not begin anew, and a new document means nothing to who does not drain', () => {
  const { deadline, passes } = setUp();
  deadline.change(1);
  assert.equal(deadline.endsAtMs, undefined);
  assert.equal(passes(10), 0);
  deadline.start(60);
  passes(30);
  deadline.start(60);
  assert.equal(passes(30), 1);
});

test('nothing is hung up once the last call is over', () => {
  const { deadline, passes } = setUp();
  deadline.start(60);
  deadline.cancel();
  assert.equal(passes(600), 0);
});
