/** The machine beside a plant: one server, one queue, calls that cost what calls cost in parts, refusals that cost little. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calm, nextOverload, type OverloadState } from './overload.ts';

/** Milliseconds of work: a call 1, a refusal 0.05. So 1000 calls a second are all that can be done. */
const COST = {
  invite: 0.5,
  ringing: 0.1,
  answer: 0.1,
  ack: 0.1,
  bye: 0.1,
  byeAnswer: 0.1,
  refusal: 0.03,
  refusalAck: 0.02,
  probe: 0.02,
};
type Job = keyof typeof COST;
/** What follows a job, and after how many milliseconds. */
const NEXT: Partial<Record<Job, readonly (readonly [Job, number])[]>> = {
  invite: [
    ['ringing', 1],
    ['answer', 2],
  ],
  answer: [['ack', 1]],
  ack: [['bye', 200]],
  bye: [['byeAnswer', 1]],
  refusal: [['refusalAck', 1]],
};
const STEP_MS = 0.5;

class Plant {
  nowMs = 0;
  state: OverloadState = calm;
  done = 0;
  refused = 0;
  worstMs = 0;
  readonly #queue: { job: Job; sinceMs: number }[] = [];
  readonly #later = new Map<number, Job[]>();
  #workMs = 0;
  #due = 0;
  #debt = 0;
  #probedAtMs: number | undefined;
  #tripMs = 0;
  #nextSampleMs = 0;

  /** Runs for `ms` with `rate` new calls a second; `done`, `refused` and `worstMs` start anew. */
  runs(ms: number, rate: number): { done: number; refused: number; worstMs: number } {
    this.done = this.refused = this.worstMs = 0;
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += STEP_MS) {
      for (this.#due += (rate * STEP_MS) / 1000; this.#due >= 1; this.#due -= 1) this.#arrives('invite');
      for (const job of this.#later.get(this.nowMs) ?? []) this.#arrives(job);
      this.#later.delete(this.nowMs);
      this.#samples();
      this.#works();
    }
    const { done, refused, worstMs } = this;
    return { done: (done * 1000) / ms, refused: (refused * 1000) / ms, worstMs };
  }

  /** The process is stopped: work comes in and is not done. */
  stopsFor(ms: number): void {
    this.#workMs -= ms;
    this.#nextSampleMs = this.nowMs + ms;
  }

  #arrives(job: Job): void {
    this.#queue.push({ job, sinceMs: this.nowMs });
  }

  #works(): void {
    for (this.#workMs += STEP_MS; this.#workMs > 0;) {
      const next = this.#queue.shift();
      if (next === undefined) {
        this.#workMs = 0;
        return;
      }
      const lateMs = this.nowMs - next.sinceMs;
      this.worstMs = Math.max(this.worstMs, lateMs);
      const job = next.job === 'invite' && !this.#admits() ? 'refusal' : next.job;
      if (job === 'probe') {
        this.#tripMs = lateMs;
        this.#probedAtMs = undefined;
      }
      if (job === 'byeAnswer') this.done += 1;
      if (job === 'refusal') this.refused += 1;
      for (const [follower, afterMs] of NEXT[job] ?? []) {
        const atMs = this.nowMs + afterMs;
        this.#later.set(atMs, [...(this.#later.get(atMs) ?? []), follower]);
      }
      this.#workMs -= COST[job];
    }
  }

  #admits(): boolean {
    this.#debt += 1 - this.state.share;
    if (this.#debt < 1) return true;
    this.#debt -= 1;
    return false;
  }

  #samples(): void {
    if (this.nowMs < this.#nextSampleMs) return;
    const openMs = this.#probedAtMs === undefined ? 0 : this.nowMs - this.#probedAtMs;
    this.state = nextOverload(this.state, { atMs: this.nowMs, lateMs: Math.max(openMs, this.#tripMs) });
    if (this.#probedAtMs === undefined) {
      this.#probedAtMs = this.nowMs;
      this.#arrives('probe');
    }
    this.#nextSampleMs = this.nowMs + 20;
  }
}

test('up to nine tenths of what can be done nobody is refused', () => {
  const plant = new Plant();
  assert.equal(plant.runs(10_000, 900).refused, 0);
  assert.equal(plant.state.isOverloaded, false);
});

test('a pause of 90 ms at nine tenths of the load refuses nobody', () => {
  const plant = new Plant();
  plant.runs(2000, 900);
  plant.stopsFor(90);
  assert.equal(plant.runs(5000, 900).refused, 0);
});

test('a pause of 300 ms at half the load refuses nobody once it is over', () => {
  const plant = new Plant();
  plant.runs(2000, 300);
  plant.stopsFor(300);
  assert.equal(plant.runs(5000, 300).refused, 0);
});

for (const { times, leastDone, worstOnsetMs } of [
  { times: 2, leastDone: 900, worstOnsetMs: 400 },
  // Refusing the four others takes a fifth of the time.
  { times: 5, leastDone: 750, worstOnsetMs: 450 },
]) {
  test(`${times} times too many calls: ${leastDone} of 1000 still come to their end, nothing waits long, and it passes by itself`, () => {
    const plant = new Plant();
    plant.runs(2000, 500);
    const onset = plant.runs(2000, times * 1000);
    assert.ok(onset.worstMs < worstOnsetMs, `${onset.worstMs} ms at the onset: callers would send again`);
    for (let second = 0; second < 20; second += 1) {
      const { worstMs } = plant.runs(1000, times * 1000);
      if (second < 3) continue;
      assert.ok(worstMs < 50, `${worstMs} ms late in second ${second}`);
    }
    const { done } = plant.runs(10_000, times * 1000);
    assert.ok(done >= leastDone, `${done} calls a second`);
    plant.runs(1500, 500);
    assert.equal(plant.runs(1000, 500).refused, 0);
    plant.runs(2000, 500);
    assert.equal(plant.state.isOverloaded, false);
  });
}

test('the share moves without swings: over ten seconds at twice the load it stays within a tenth of its mean', () => {
  const plant = new Plant();
  plant.runs(10_000, 2000);
  const aims = Array.from({ length: 100 }, () => {
    plant.runs(100, 2000);
    return plant.state.aim;
  });
  const mean = aims.reduce((sum, aim) => sum + aim, 0) / aims.length;
  for (const aim of aims) assert.ok(Math.abs(aim - mean) < mean / 10, `${aim} of ${mean}`);
});

test('one late sample between good ones changes nothing', () => {
  let state = calm;
  for (const lateMs of [0, 400, 0, 0, 900, 1]) {
    state = nextOverload(state, { atMs: state.atMs + 20, lateMs });
    assert.equal(state.share, 1);
    assert.equal(state.isOverloaded, false);
  }
});

test('while calls wait 100 ms or more nobody is let in, and the least share is left afterwards', () => {
  let state = calm;
  for (let at = 0; at < 200; at += 1) state = nextOverload(state, { atMs: state.atMs + 20, lateMs: 500 });
  assert.equal(state.share, 0);
  for (let at = 0; at < 2; at += 1) state = nextOverload(state, { atMs: state.atMs + 20, lateMs: 20 });
  assert.ok(state.share > 0);
});
