import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { listen, listenTo, readWav, writeTone } from './tone.ts';

const directory = mkdtempSync(join(tmpdir(), 'tone-'));
after(() => rmSync(directory, { recursive: true }));

function toneFile(hertz: number, seconds = 3): string {
  const path = join(directory, `${hertz}.wav`);
  writeTone(path, { hertz, seconds });
  return path;
}

test('a written tone is heard in every half second', () => {
  const verdict = listenTo(toneFile(440), 440);
  assert.equal(verdict.heard, true);
  assert.equal(verdict.good, 6);
  assert.ok(verdict.best > 0.99, verdict.words);
});

test('another tone is not heard', () => {
  const verdict = listenTo(toneFile(1000), 440);
  assert.equal(verdict.heard, false);
  assert.equal(verdict.good, 0);
});

test('silence is not heard', () => {
  assert.deepEqual(listen({ rate: 8000, samples: new Int16Array(16_000) }, 440), {
    heard: false,
    windows: 4,
    good: 0,
    best: 0,
    words: '440 Hz in 0 of 4 half seconds, best 0.00 %',
  });
});

test('a recording whose header is not written yet holds nothing', () => {
  const path = join(directory, 'begun.wav');
  writeFileSync(path, '');
  assert.equal(listenTo(path, 440).windows, 0);
});

test('a tone as loud as its echo of another tone is not heard', () => {
  const [mine, theirs] = [readWav(toneFile(440)).samples, readWav(toneFile(1000)).samples];
  const both = mine.map((sample, at) => sample / 2 + (theirs[at] ?? 0) / 2);
  assert.equal(listen({ rate: 8000, samples: both }, 1000).heard, false);
});

test('a tone that starts late is heard when it holds for two seconds', () => {
  const tone = readWav(toneFile(440)).samples;
  const late = new Int16Array(16_000 + tone.length);
  late.set(tone, 16_000);
  assert.equal(listen({ rate: 8000, samples: late }, 440).heard, true);
});
