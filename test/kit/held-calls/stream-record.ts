/** What arrived of one numbered stream, and when: gaps and losses of any stretch of time. Pure; times are given. */

/** What lasts longer is remembered with its ends; shorter ones only as the longest of their second. */
const GAP_MS = 60;
const MAX_GAPS = 10_000;
const SECOND_MS = 1000;
/** Who listens for less of a second than the rest of it may well have heard nothing. */
const DEAF_MS = 900;
/** A day of seconds. */
const MAX_SECONDS = 86_400;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface StreamReport {
  readonly received: number;
  /** Numbers that were jumped over and never came, by the second in which the jump was seen. */
  readonly lost: number;
  /** The longest time without a packet that touches the stretch, in its whole length; what has not ended counts as well. */
  readonly maxGapMs: number;
  /** When that gap began; absent where it was shorter than 60 ms. */
  readonly gapFromMs?: number;
  /** Whole seconds of the stretch in which nothing came. */
  readonly silentSeconds: number;
  /** Those of them that no pause of our own explains. */
  readonly unexplainedSilence: number;
}

interface Second {
  received: number;
  lost: number;
  maxGapMs: number;
}

export class StreamRecord {
  readonly #startMs: number;
  readonly #seconds: Second[] = [];
  readonly #gaps: Stretch[] = [];
  #highest = -1;
  #lastMs: number;
  #endMs = Number.POSITIVE_INFINITY;
  received = 0;
  /** The first number that came; -1: none did. */
  first = -1;

  /** From `startMs` on packets are expected. */
  constructor(startMs: number) {
    this.#startMs = startMs;
    this.#lastMs = startMs;
  }

  /** The highest number that came, counted on where the 16 bits began again. */
  get highest(): number {
    return this.#highest;
  }

  onPacket(sequence: number, atMs: number): void {
    const second = this.#second(atMs);
    const step = this.#highest < 0 ? 1 : ((sequence - this.#highest) << 16) >> 16;
    if (step === 0) return;
    this.received += 1;
    second.received += 1;
    if (this.#highest < 0) this.first = this.#highest = sequence;
    else if (step > 0) this.#highest += step;
    // One that was overtaken.
    second.lost += step > 0 ? step - 1 : -1;
    this.#gapEnds(second, atMs);
  }

  /** Nothing more is expected. */
  end(atMs: number): void {
    this.#endMs = Math.min(this.#endMs, atMs);
  }

  /** `pauses`: when nobody listened or sent, in their order. */
  report(stretch: Stretch, nowMs: number, pauses: readonly Stretch[] = []): StreamReport {
    const fromMs = Math.max(stretch.fromMs, this.#startMs);
    const toMs = Math.min(stretch.toMs, this.#endMs, nowMs);
    if (toMs <= fromMs) return { received: 0, lost: 0, maxGapMs: 0, silentSeconds: 0, unexplainedSilence: 0 };
    let [received, lost, maxGapMs, silentSeconds, unexplainedSilence] = [0, 0, 0, 0, 0];
    for (let at = this.#index(fromMs); at <= this.#index(toMs); at++) {
      const second = this.#seconds[at];
      const beginsMs = this.#startMs + at * SECOND_MS;
      const isWhole = beginsMs >= fromMs && beginsMs + SECOND_MS <= toMs;
      if (isWhole && (second?.received ?? 0) === 0) {
        silentSeconds += 1;
        if (overlapMs(pauses, beginsMs, beginsMs + SECOND_MS) < DEAF_MS) unexplainedSilence += 1;
      }
      received += second?.received ?? 0;
      lost += second?.lost ?? 0;
      // A long gap that ended here may have ended before the stretch began: those are asked by their ends.
      if (second && second.maxGapMs < GAP_MS) maxGapMs = Math.max(maxGapMs, second.maxGapMs);
    }
    const gap = this.#longest(fromMs, toMs);
    const found = { received, lost: Math.max(0, lost), silentSeconds, unexplainedSilence };
    if (!gap || gap.toMs - gap.fromMs <= maxGapMs) return { ...found, maxGapMs };
    return { ...found, maxGapMs: gap.toMs - gap.fromMs, gapFromMs: gap.fromMs };
  }

  #longest(fromMs: number, toMs: number): Stretch | undefined {
    const open = { fromMs: this.#lastMs, toMs };
    let longest = open.toMs - open.fromMs >= GAP_MS ? open : undefined;
    for (const gap of this.#gaps) {
      if (gap.toMs <= fromMs || gap.fromMs >= toMs) continue;
      if (!longest || gap.toMs - gap.fromMs > longest.toMs - longest.fromMs) longest = gap;
    }
    return longest;
  }

  #gapEnds(second: Second, atMs: number): void {
    const gapMs = atMs - this.#lastMs;
    if (gapMs > second.maxGapMs) second.maxGapMs = gapMs;
    if (gapMs >= GAP_MS && this.#gaps.length < MAX_GAPS) this.#gaps.push({ fromMs: this.#lastMs, toMs: atMs });
    this.#lastMs = atMs;
  }

  #second(atMs: number): Second {
    const index = this.#index(atMs);
    while (this.#seconds.length <= index) this.#seconds.push({ received: 0, lost: 0, maxGapMs: 0 });
    return this.#seconds[index] ?? { received: 0, lost: 0, maxGapMs: 0 };
  }

  #index(atMs: number): number {
    return Math.min(MAX_SECONDS, Math.max(0, Math.floor((atMs - this.#startMs) / SECOND_MS)));
  }
}

/** What is in two of them counts once. */
function overlapMs(pauses: readonly Stretch[], fromMs: number, toMs: number): number {
  let [sum, countedToMs] = [0, fromMs];
  for (const pause of pauses) {
    const endMs = Math.min(pause.toMs, toMs);
    sum += Math.max(0, endMs - Math.max(pause.fromMs, countedToMs));
    countedToMs = Math.max(countedToMs, endMs);
  }
  return sum;
}
