/** Calls in both directions through some pods of an instance, and new ones beside them: what a planned event must not touch. */
import assert from 'node:assert/strict';
import { isShed, type Attempt, type Attempts } from '../../kit/held-calls/attempts.ts';
import type { EndedCall, HeldCalls } from '../../kit/held-calls/held-calls.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import type { VoiceStage } from './voice-stage.ts';

/** What the sound of several groups of calls was like: the worst of all. */
export interface Sound {
  readonly calls: number;
  readonly maxGapMs: number;
  /** How late the tests' own media thread was: a gap below is the machine's. */
  readonly ownLatenessMs: number;
  readonly lost: number;
  readonly silentSeconds: number;
  /** Of them, those that were not our own doing. */
  readonly unexplainedSilence: number;
}

/** @param each Calls in each direction through each of the pods */
export async function holdBothWays(stage: VoiceStage, ordinals: readonly number[], each = 2): Promise<BothWays> {
  const held = new Map<number, readonly HeldCalls[]>();
  for (const ordinal of ordinals) {
    const pair = await Promise.all([stage.hold('teams', each, ordinal), stage.hold('pbx', each, ordinal)]);
    held.set(ordinal, pair);
  }
  return new BothWays(held);
}

export class BothWays {
  readonly #held: Map<number, readonly HeldCalls[]>;
  readonly #beganMs = nowMs();

  constructor(held: ReadonlyMap<number, readonly HeldCalls[]>) {
    this.#held = new Map(held);
  }

  /** Calls that are up. */
  alive(ordinals = this.#ordinals): number {
    return this.#groups(ordinals).reduce((sum, { alive }) => sum + alive, 0);
  }

  ended(ordinals = this.#ordinals): EndedCall[] {
    return this.#groups(ordinals).flatMap(({ ended }) => ended);
  }

  async sound(sinceMs = this.#beganMs, ordinals = this.#ordinals): Promise<Sound> {
    const groups = this.#groups(ordinals);
    const gaps = await Promise.all(groups.map((calls) => calls.gaps(sinceMs)));
    const most = (of: (gap: (typeof gaps)[number]) => number) => Math.max(0, ...gaps.map(of));
    return {
      calls: this.alive(ordinals),
      maxGapMs: most(({ maxMs }) => maxMs),
      ownLatenessMs: most(({ ownLatenessMs }) => ownLatenessMs),
      lost: gaps.reduce((sum, { lost }) => sum + lost, 0),
      silentSeconds: gaps.reduce((sum, { silentSeconds }) => sum + silentSeconds, 0),
      unexplainedSilence: gaps.reduce((sum, { unexplainedSilence }) => sum + unexplainedSilence, 0),
    };
  }

  /** Every call of these pods goes on, and no sound of it was lost. @returns the sound */
  async isUntouched(sinceMs = this.#beganMs, ordinals = this.#ordinals): Promise<Sound> {
    assert.deepEqual(this.ended(ordinals), [], 'No call has ended');
    const sound = await this.sound(sinceMs, ordinals);
    const { lost, unexplainedSilence } = sound;
    assert.deepEqual({ lost, unexplainedSilence }, { lost: 0, unexplainedSilence: 0 }, JSON.stringify(sound));
    return sound;
  }

  /** Both sides hang up: each the calls that it placed. Every BYE is answered. */
  async hangUp(ordinals = this.#ordinals): Promise<void> {
    for (const ordinal of ordinals)
      await Promise.all(
        (this.#held.get(ordinal) ?? []).map(async (calls) => {
          const { alive } = calls;
          assert.deepEqual(await calls.hangUp({ by: calls.from }), Array(alive).fill(200), 'The dialogs live');
          assert.equal(await calls.areOver(), true, 'Both sides know it');
        }),
      );
    await this.forget(ordinals);
  }

  /** They are over, or nobody can end them any more. */
  async forget(ordinals = this.#ordinals): Promise<void> {
    await Promise.all(this.#groups(ordinals).map((calls) => calls.forget()));
    for (const ordinal of ordinals) this.#held.delete(ordinal);
  }

  async areOver(ordinals: readonly number[], withinMs: number): Promise<boolean> {
    const all = await Promise.all(this.#groups(ordinals).map((calls) => calls.areOver(withinMs)));
    return all.every(Boolean);
  }

  get #ordinals(): readonly number[] {
    return [...this.#held.keys()];
  }

  #groups(ordinals: readonly number[]): HeldCalls[] {
    return ordinals.flatMap((ordinal) => this.#held.get(ordinal) ?? []);
  }
}

/** A steady stream of new calls from either side, to any of these pods. */
export class NewCalls {
  readonly #streams: readonly [Attempts, Attempts];

  constructor(stage: VoiceStage, ordinals: readonly number[], everyMs = 700) {
    this.#streams = [stage.attempt('teams', { ordinals, everyMs }), stage.attempt('pbx', { ordinals, everyMs })];
  }

  /** Decided ones of each side, in the order of their start. */
  get decided(): { readonly teams: readonly Attempt[]; readonly pbx: readonly Attempt[] } {
    const [teams, pbx] = this.#streams;
    return { teams: teams.decided, pbx: pbx.decided };
  }

  /** No further ones. @returns what is worth keeping of them */
  async stop(): Promise<NewCallsSummary> {
    const all = (await Promise.all(this.#streams.map((stream) => stream.stop()))).flat();
    const refused = all.filter((attempt) => !attempt.isAnswered && !isShed(attempt));
    const overload = all.filter(isShed).length;
    const passedOver = all.filter((attempt) => attempt.isAnswered && attempt.passedOver.length > 0);
    const longestMs = Math.max(0, ...all.map(({ tookMs }) => tookMs));
    return { newCalls: all.length, refused, overload, passedOn: passedOver.length, longestSetupMs: longestMs };
  }
}

export interface NewCallsSummary {
  readonly newCalls: number;
  /** That nobody took, though the processor was not the limit. */
  readonly refused: readonly Attempt[];
  /** That nobody took as it was: the machine did that, not the event. */
  readonly overload: number;
  /** That another pod took. */
  readonly passedOn: number;
  readonly longestSetupMs: number;
}
