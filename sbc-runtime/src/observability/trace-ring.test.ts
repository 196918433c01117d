import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TraceRing } from './trace-ring.ts';

const all = (ring: TraceRing) =>
  Array.from({ length: ring.next - ring.first }, (_, at) => ring.messageOf(ring.first + at)?.text);

describe('The trace ring', () => {
  it('gives back the messages as they came, each with its number', () => {
    const ring = new TraceRing();
    ring.push(1, 'teams', 'sbc', 'INVITE\r\nCall-ID: a1\r\n');
    ring.push(2, 'sbc', 'pbx', '\u00ff');
    assert.deepEqual(
      [ring.messageOf(0), ring.messageOf(1)],
      [
        { atMs: 1, from: 'teams', to: 'sbc', text: 'INVITE\r\nCall-ID: a1\r\n' },
        { atMs: 2, from: 'sbc', to: 'pbx', text: '\u00ff' },
      ],
    );
    assert.deepEqual([ring.callIdOf(0), ring.callIdOf(1), ring.lengthOf(0)], ['a1', undefined, 21]);
  });

  it('has nothing under a number that is dropped or did not come yet', () => {
    const ring = new TraceRing({ maxMessages: 2 });
    for (const text of ['1', '2', '3']) ring.push(0, 'f', 't', `${text}\r\ni: ${text}\r\n`);
    assert.deepEqual([ring.first, ring.next], [1, 3]);
    for (const number of [-1, 0, 3])
      assert.deepEqual(
        [ring.messageOf(number), ring.callIdOf(number), ring.lengthOf(number)],
        [undefined, undefined, 0],
      );
    assert.deepEqual([ring.callIdOf(1), ring.callIdOf(2)], ['2', '3']);
  });

  it('drops the oldest message when it is full', () => {
    const ring = new TraceRing({ maxMessages: 3 });
    for (const text of ['1', '2', '3', '4', '5']) ring.push(0, 'f', 't', text);
    assert.deepEqual([all(ring), ring.size, ring.bytes], [['3', '4', '5'], 3, 3]);
  });

  it('drops as many old messages as a long one needs room', () => {
    const ring = new TraceRing({ maxBytes: 10 });
    for (const text of ['aaaa', 'bbbb', 'cc']) ring.push(0, 'f', 't', text);
    ring.push(0, 'f', 't', 'dddddd');
    assert.deepEqual([all(ring), ring.bytes], [['cc', 'dddddd'], 8]);
  });

  it('does not keep a message that is longer than the whole ring', () => {
    const ring = new TraceRing({ maxBytes: 10 });
    ring.push(0, 'f', 't', 'x');
    ring.push(0, 'f', 't', 'x'.repeat(11));
    assert.deepEqual(all(ring), ['x']);
  });

  it('hands out copies: what comes later does not change them', () => {
    const ring = new TraceRing({ maxMessages: 1 });
    ring.push(1, 'f', 't', 'first');
    const first = ring.messageOf(0);
    ring.push(2, 'f', 't', 'second');
    assert.equal(first?.text, 'first');
  });

  it('keeps its limits and the newest messages, whatever comes', () => {
    const pushes = fc.array(fc.string({ maxLength: 12 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        pushes,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 12, max: 40 }),
        (pushed, maxMessages, maxBytes) => {
          const ring = new TraceRing({ maxMessages, maxBytes });
          for (const text of pushed) ring.push(0, 'f', 't', text);
          const kept = all(ring);
          assert.ok(kept.length <= maxMessages && kept.join('').length <= maxBytes);
          assert.deepEqual(kept, pushed.slice(pushed.length - kept.length));
          assert.equal(ring.bytes, kept.join('').length);
          if (pushed.length > 0) assert.ok(kept.length > 0);
        },
      ),
    );
  });
});
