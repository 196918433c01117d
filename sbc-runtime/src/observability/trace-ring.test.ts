import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TraceRing } from './trace-ring.ts';

const texts = (ring: TraceRing, ...callIds: string[]) => ring.messagesOf(callIds).map(({ text }) => text);
/** Every text holds the empty one. */
const all = (ring: TraceRing) => texts(ring, '');

describe('The trace ring', () => {
  it('gives back the messages of the wanted calls, oldest first, as they came', () => {
    const ring = new TraceRing();
    ring.push(1, 'teams', 'sbc', 'INVITE\r\nCall-ID: a1\r\n');
    ring.push(2, 'sbc', 'pbx', 'INVITE\r\ni: b2\r\n');
    ring.push(3, 'pbx', 'sbc', '180\r\ni:b2\r\n');
    ring.push(4, 'x', 'sbc', 'OPTIONS\r\nCall-ID: c3\r\n');
    assert.deepEqual(ring.messagesOf(['b2', 'a1']), [
      { atMs: 1, from: 'teams', to: 'sbc', text: 'INVITE\r\nCall-ID: a1\r\n' },
      { atMs: 2, from: 'sbc', to: 'pbx', text: 'INVITE\r\ni: b2\r\n' },
      { atMs: 3, from: 'pbx', to: 'sbc', text: '180\r\ni:b2\r\n' },
    ]);
    assert.deepEqual([texts(ring, 'nobody'), texts(ring)], [[], []]);
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
    const [first] = ring.messagesOf(['']);
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
