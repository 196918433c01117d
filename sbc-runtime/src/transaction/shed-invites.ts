/** INVITEs that are refused for a fraction of what a call costs: no transaction, no dialog, one key until the ACK. */
import type { Clock } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { Request, Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';

export interface ShedInvitesParams {
  readonly clock: Clock;
  readonly random: Random;
  readonly toTag: string;
}

/** Keys of each half. Beyond, the oldest are forgotten: a copy of that INVITE may then be let in. */
const MAX_KEYS = 4096;
/** A client sends its INVITE again for 64*T1 at most (RFC 3261 §17.1.1.2). */
const KEPT_MS = 32_000;
/** Overload is over in seconds, and who obeys sends us nothing meanwhile; not all of them come back at once. */
const RETRY_AFTER_SECONDS = { least: 2, spread: 4 } as const;

export class ShedInvites {
  readonly #params: ShedInvitesParams;
  #young = new Set<string>();
  #old = new Set<string>();
  #turnedAtMs = 0;

  constructor(params: ShedInvitesParams) {
    this.#params = params;
  }

  /** True: the same INVITE was shed before and is not acknowledged, so that its caller must hear the same again. */
  has(key: string): boolean {
    if (this.#young.size === 0 && this.#old.size === 0) return false;
    this.#forgetOld();
    return this.#young.has(key) || this.#old.has(key);
  }

  /** The INVITE with this key is refused. */
  note(key: string): void {
    this.#forgetOld();
    if (this.#young.size >= MAX_KEYS) this.#turn(this.#params.clock.nowMs());
    this.#young.add(key);
  }

  /** The same To tag each time: whoever has it knows of no state of ours. */
  refusal(request: Request): Response {
    const { least, spread } = RETRY_AFTER_SECONDS;
    const seconds = least + this.#params.random.below(spread);
    return responseTo(request, 503, { toTag: this.#params.toTag, headers: [['Retry-After', String(seconds)]] });
  }

  acknowledged(key: string): void {
    if (!this.#young.delete(key)) this.#old.delete(key);
  }

  #forgetOld(): void {
    const nowMs = this.#params.clock.nowMs();
    if (nowMs - this.#turnedAtMs < KEPT_MS) return;
    if (nowMs - this.#turnedAtMs >= 2 * KEPT_MS) this.#young = new Set();
    this.#turn(nowMs);
  }

  #turn(nowMs: number): void {
    this.#old = this.#young;
    this.#young = new Set();
    this.#turnedAtMs = nowMs;
  }
}
