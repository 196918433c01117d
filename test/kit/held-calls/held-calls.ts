/** Calls that stay up while something else happens, with sound both ways, and what became of each. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallEnd } from '../../teams-simulator/call-owner.ts';
import type { CallEnds, From, Pair } from './call-ends.ts';
import { nowMs, type LegReport } from './media-words.ts';
import type { LegEnd } from './pbx-call.ts';

export interface HoldOptions {
  readonly from: From;
  /** From Teams: the FQDN and port of the trunk. From the PBX: host and port. */
  readonly sbc: string;
  readonly count: number;
  /** Between two new calls. @default 50 */
  readonly everyMs?: number;
  /** Each is to be answered by then. @default 20 000 */
  readonly withinMs?: number;
  /** How many of them have sound. @default all */
  readonly sounding?: number;
}

/** How a call ended, on both sides. */
export interface EndedCall {
  readonly number: string;
  readonly atMs: number;
  /** Who did it: a side that was told to, or the SBC by itself. */
  readonly by: 'teams' | 'pbx' | 'sbc';
  /** What the SBC said to the other side; of both where it was its own doing. */
  readonly reasons: readonly string[];
  /** Both sides know that it is over. */
  readonly isOverOnBothSides: boolean;
}

/** A direction of a call. */
export interface Stream extends LegReport {
  readonly number: string;
  /** Who hears. */
  readonly at: 'teams' | 'pbx';
}

export interface Gaps {
  /** The longest time without a packet of any call in any direction. */
  readonly maxMs: number;
  /** Packets that were jumped over, of all calls. */
  readonly lost: number;
  readonly received: number;
  /** Whole seconds in which a stream brought nothing, of all calls. */
  readonly silentSeconds: number;
  /** Those of them in which the tests' own media thread was there to send and to listen: what is to be none. */
  readonly unexplainedSilence: number;
  /** The longest that the tests' own media thread came late: a gap below is nobody's fault. */
  readonly ownLatenessMs: number;
  /** Every direction of every call, the longest gap first. */
  readonly streams: readonly Stream[];
}

interface Held extends Pair {
  readonly ids: { readonly teams: number; readonly pbx: number } | undefined;
  end: { readonly atMs: number; readonly by: EndedCall['by'] } | undefined;
  readonly ends: { teams?: CallEnd; pbx?: LegEnd };
}

export class HeldCalls {
  readonly from: From;
  /** Those that did not come about: why. */
  readonly failed: string[] = [];
  readonly #ends: CallEnds;
  readonly #held: Held[] = [];

  private constructor(ends: CallEnds, from: From) {
    this.#ends = ends;
    this.from = from;
  }

  /** Resolves when all are answered or have failed, and the sound of those that were has begun. */
  static async hold(ends: CallEnds, options: HoldOptions): Promise<HeldCalls> {
    const { from, sbc, count, everyMs = 50, withinMs = 20_000, sounding = count } = options;
    const calls = new HeldCalls(ends, from);
    const places: Promise<void>[] = [];
    for (let at = 0; at < count; at++) {
      if (at > 0) await sleep(everyMs);
      places.push(calls.#place({ from, sbc, withinMs }, at < sounding));
    }
    await Promise.all(places);
    return calls;
  }

  /** Calls that nobody has hung up. */
  get alive(): number {
    return this.#held.filter(({ end }) => end === undefined).length;
  }

  get ended(): EndedCall[] {
    return this.#held.flatMap((held) => (held.end ? [endedOf(held, held.end)] : []));
  }

  get pairs(): readonly Pair[] {
    return this.#held;
  }

  /** Of the stretch from `fromMs` (`nowMs()` of media-words.ts) to `toMs`; without any: since the beginning. */
  async gaps(fromMs = 0, toMs = nowMs()): Promise<Gaps> {
    const names = new Map<number, Pick<Stream, 'number' | 'at'>>();
    for (const { ids, number } of this.#held) {
      if (!ids) continue;
      names.set(ids.teams, { number, at: 'teams' });
      names.set(ids.pbx, { number, at: 'pbx' });
    }
    const report = await this.#ends.media.ask({ ids: [...names.keys()], fromMs, toMs });
    const streams = report.legs.map((leg) => ({
      ...leg,
      ...(names.get(leg.id) ?? { number: '', at: 'pbx' as const }),
    }));
    const sum = (of: (stream: Stream) => number) => streams.reduce((total, stream) => total + of(stream), 0);
    return {
      maxMs: Math.max(0, ...streams.map(({ maxGapMs }) => maxGapMs)),
      lost: sum(({ lost }) => lost),
      received: sum(({ received }) => received),
      silentSeconds: sum(({ silentSeconds }) => silentSeconds),
      unexplainedSilence: sum(({ unexplainedSilence }) => unexplainedSilence),
      ownLatenessMs: report.ownLatenessMs,
      streams: streams.toSorted((one, other) => other.maxGapMs - one.maxGapMs),
    };
  }

  /** That side hangs up every call that is up. Resolves with the statuses that answered the BYEs (0: none did), when both sides are done. */
  async hangUp({ by, everyMs = 20 }: { readonly by: From; readonly everyMs?: number }): Promise<number[]> {
    const byes: Promise<number>[] = [];
    for (const held of this.#held) {
      if (held.end) continue;
      held.end = { atMs: nowMs(), by };
      byes.push(by === 'pbx' ? held.pbx.bye() : byeOfTeams(held));
      await sleep(everyMs);
    }
    return Promise.all(byes);
  }

  /** Resolves with true when every call is over on both sides; false where that is not so in time. */
  async areOver(withinMs = 5000): Promise<boolean> {
    const late = nowMs() + withinMs;
    while (!this.ended.every(({ isOverOnBothSides }) => isOverOnBothSides) || this.alive > 0) {
      if (nowMs() > late) return false;
      await sleep(20);
    }
    return true;
  }

  /** What it knows of their sound is thrown away. */
  async forget(): Promise<void> {
    await this.#ends.media.forget(this.#held.flatMap(({ ids }) => (ids ? [ids.teams, ids.pbx] : [])));
  }

  async #place(placing: Parameters<CallEnds['connect']>[0], isSounding: boolean): Promise<void> {
    try {
      const pair = await this.#ends.connect(placing);
      const ids = isSounding ? await this.#ends.flow(pair) : undefined;
      const held: Held = { ...pair, ids, end: undefined, ends: {} };
      this.#held.push(held);
      void pair.teams.ended.then((end) => this.#onEnd(held, { teams: end }));
      void pair.pbx.ended.then((end) => this.#onEnd(held, { pbx: end }));
    } catch (error) {
      this.failed.push(error instanceof Error ? error.message : String(error));
    }
  }

  #onEnd(held: Held, end: Held['ends']): void {
    Object.assign(held.ends, end);
    const by = (end.teams ?? end.pbx)?.by ?? 'sbc';
    // The side that ends by itself, without `hangUp`, was told to by the test through the call.
    held.end ??= { atMs: nowMs(), by: by === 'us' ? 'pbx' : by };
    if (held.ids) void this.#ends.still(held.ids);
  }
}

async function byeOfTeams({ teams }: Pair): Promise<number> {
  try {
    const ended = teams.request('BYE', { headers: { reason: 'Q.850;cause=16;text="Normal call clearing"' } });
    teams.drop();
    return (await ended).status ?? 0;
  } catch {
    return 0;
  }
}

function endedOf({ number, ends }: Held, { atMs, by }: NonNullable<Held['end']>): EndedCall {
  const reasons = [ends.teams, ends.pbx].flatMap((end) => (end?.by === 'sbc' ? [end.reason ?? ''] : []));
  return { number, atMs, by, reasons, isOverOnBothSides: ends.teams !== undefined && ends.pbx !== undefined };
}
