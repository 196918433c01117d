import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamRecord } from './stream-record.ts';

/** A packet every 20 ms from `fromMs` to before `toMs`. */
function feed(record: StreamRecord, fromMs: number, toMs: number, first: number): number {
  let sequence = first;
  for (let atMs = fromMs; atMs < toMs; atMs += 20) record.onPacket(sequence++ & 0xffff, atMs);
  return sequence;
}

test('a steady stream has no gap beyond its pace, and loses nothing', () => {
  const record = new StreamRecord(0);
  feed(record, 0, 5000, 100);
  assert.deepEqual(record.report({ fromMs: 0, toMs: 5000 }, 5000), {
    received: 250,
    lost: 0,
    maxGapMs: 20,
    silentSeconds: 0,
    unexplainedSilence: 0,
  });
});

test('a gap is found by any stretch that it touches, in its whole length, and by no other', () => {
  const record = new StreamRecord(0);
  const next = feed(record, 0, 2000, 100);
  feed(record, 4500, 6000, next + 126);
  const gap = { maxGapMs: 2520, gapFromMs: 1980 };
  const of = (fromMs: number, toMs: number) => record.report({ fromMs, toMs }, 6000);
  assert.deepEqual(
    [of(0, 6000), of(1990, 2100), of(4400, 6000)].map(({ maxGapMs, gapFromMs }) => ({ maxGapMs, gapFromMs })),
    [gap, gap, gap],
  );
  assert.equal(of(0, 1500).maxGapMs, 20);
  assert.equal(of(5000, 6000).maxGapMs, 20);
  assert.equal(of(0, 6000).lost, 126);
  assert.equal(of(0, 6000).silentSeconds, 2);
  assert.equal(of(0, 1500).lost, 0);
});

test('a silent second is explained by pauses of our own that take it nearly whole, and by nothing else', () => {
  const record = new StreamRecord(0);
  const next = feed(record, 0, 2000, 100);
  feed(record, 4500, 6000, next);
  const of = (...pauses: [number, number][]) => {
    const stretches = pauses.map(([fromMs, toMs]) => ({ fromMs, toMs }));
    const { silentSeconds, unexplainedSilence } = record.report({ fromMs: 0, toMs: 6000 }, 6000, stretches);
    return [silentSeconds, unexplainedSilence];
  };
  assert.deepEqual(of(), [2, 2]);
  assert.deepEqual(of([1990, 4490]), [2, 0]);
  assert.deepEqual(of([1990, 3050]), [2, 1]);
  assert.deepEqual(of([2000, 2500], [2520, 3000]), [2, 1]);
  assert.deepEqual(of([2000, 2500], [2010, 2600]), [2, 2], 'What two of them share counts once');
  assert.deepEqual(of([500, 1990], [4500, 6000]), [2, 2], 'A pause beside it is none in it');
});

test('a stream that has stopped has a gap that lasts until now, or until its call was over', () => {
  const record = new StreamRecord(0);
  feed(record, 0, 1000, 1);
  assert.equal(record.report({ fromMs: 900, toMs: 9000 }, 3000).maxGapMs, 2020);
  record.end(1200);
  assert.equal(record.report({ fromMs: 900, toMs: 9000 }, 3000).maxGapMs, 220);
  assert.equal(record.report({ fromMs: 2000, toMs: 9000 }, 3000).maxGapMs, 0);
});

test('a packet that was overtaken is not lost, one that comes twice counts once', () => {
  const record = new StreamRecord(0);
  for (const [at, sequence] of [1, 2, 4, 4, 3, 5].entries()) record.onPacket(sequence, at * 20);
  const { lost, received } = record.report({ fromMs: 0, toMs: 200 }, 200);
  assert.deepEqual({ lost, received }, { lost: 0, received: 5 });
});

test('numbers go on where the 16 bits begin again', () => {
  const record = new StreamRecord(0);
  feed(record, 0, 200, 65_530);
  assert.equal(record.report({ fromMs: 0, toMs: 200 }, 200).lost, 0);
  assert.equal(record.highest, 65_539);
});
