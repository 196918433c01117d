/** Proof of audio: a pure tone into one end, its share of the energy in what the other end recorded (Goertzel). */
import { readFileSync, writeFileSync } from 'node:fs';

const RATE = 8000;
const HEADER_OCTETS = 44;

/** A WAV (PCM, mono, 16 bit) with one sine. */
export function writeTone(
  path: string,
  options: { hertz: number; seconds: number; rate?: number; amplitude?: number },
): void {
  const { hertz, seconds, rate = RATE, amplitude = 0.5 } = options;
  const count = Math.round(seconds * rate);
  const wav = Buffer.alloc(HEADER_OCTETS + 2 * count);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + 2 * count, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(2 * rate, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(2 * count, 40);
  for (let i = 0; i < count; i++) {
    wav.writeInt16LE(
      Math.round(32_767 * amplitude * Math.sin((2 * Math.PI * hertz * i) / rate)),
      HEADER_OCTETS + 2 * i,
    );
  }
  writeFileSync(path, wav);
}

export interface Recording {
  readonly rate: number;
  readonly samples: Int16Array;
}

/** Reads a PCM WAV of 16 bit, first channel. A file that is still being written (length 0 in its header) counts to its end. */
export function readWav(path: string): Recording {
  const wav = readFileSync(path);
  // Whoever records makes the file first and writes its header a moment later.
  if (wav.length < HEADER_OCTETS) return { rate: RATE, samples: new Int16Array(0) };
  if (wav.toString('latin1', 0, 4) !== 'RIFF') throw new Error(`Cannot read ${path}: not a WAV file`);
  let rate = RATE;
  let channels = 1;
  for (let at = 12; at + 8 <= wav.length;) {
    const kind = wav.toString('latin1', at, at + 4);
    const length = wav.readUInt32LE(at + 4);
    if (kind === 'fmt ') {
      channels = wav.readUInt16LE(at + 10);
      rate = wav.readUInt32LE(at + 12);
      if (wav.readUInt16LE(at + 22) !== 16) throw new Error(`Cannot read ${path}: not 16 bit`);
    }
    if (kind === 'data')
      return { rate, samples: firstChannel(wav.subarray(at + 8, length ? at + 8 + length : wav.length), channels) };
    at += 8 + length + (length % 2);
  }
  return { rate, samples: new Int16Array(0) };
}

function firstChannel(bytes: Buffer, channels: number): Int16Array {
  const samples = new Int16Array(Math.floor(bytes.length / (2 * channels)));
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * channels * i);
  return samples;
}

/** The part of the energy of `samples[from, to)` that stands at `hertz`, 0 to 1. Silence has none. */
function shareAt(samples: Int16Array, from: number, to: number, cyclesPerSample: number): number {
  const step = 2 * Math.PI * cyclesPerSample;
  const coefficient = 2 * Math.cos(step);
  let [before, last, energy] = [0, 0, 0];
  for (let i = from; i < to; i++) {
    const sample = samples[i] ?? 0;
    energy += sample * sample;
    [before, last] = [last, sample + coefficient * last - before];
  }
  if (energy === 0) return 0;
  const power = last * last + before * before - coefficient * last * before;
  return (2 * power) / ((to - from) * energy);
}

/** One share for every half second. */
function toneShares(recording: Recording, hertz: number): number[] {
  const window = recording.rate / 2;
  const shares: number[] = [];
  for (let from = 0; from + window <= recording.samples.length; from += window) {
    shares.push(shareAt(recording.samples, from, from + window, hertz / recording.rate));
  }
  return shares;
}

export interface Verdict {
  /** At least `minimumWindows` half seconds of the tone in a row. */
  readonly heard: boolean;
  readonly windows: number;
  /** Windows with more than 90 % of their energy at the tone. */
  readonly good: number;
  readonly best: number;
  /** `1000 Hz in 9 of 10 half seconds, best 99.97 %` */
  readonly words: string;
}

const GOOD = 0.9;

/** What a recording holds of the tone. Silence, the own echo and a wrong codec are all not heard. */
export function listen(recording: Recording, hertz: number, minimumWindows = 4): Verdict {
  const shares = toneShares(recording, hertz);
  let [run, longest, good] = [0, 0, 0];
  for (const share of shares) {
    run = share > GOOD ? run + 1 : 0;
    if (share > GOOD) good++;
    longest = Math.max(longest, run);
  }
  const best = Math.max(0, ...shares);
  const words = `${hertz} Hz in ${good} of ${shares.length} half seconds, best ${(100 * best).toFixed(2)} %`;
  return { heard: longest >= minimumWindows, windows: shares.length, good, best, words };
}

export const listenTo = (path: string, hertz: number, minimumWindows = 4): Verdict =>
  listen(readWav(path), hertz, minimumWindows);
