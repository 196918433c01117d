/** How many TLS handshakes a second an endpoint takes part in: each costs a signature, and anybody may ask for one. */
import type { Clock } from '../kernel/clock.ts';

/** Of addresses that have not shown the token yet: together, and each. */
const STRANGERS = 40;
const EACH_STRANGER = 4;
/** Of an address that has. */
const EACH_FRIEND = 50;
const MAX_FRIENDS = 8;
const SECOND_MS = 1000;

export class HandshakeBudget {
  readonly #clock: Clock;
  /** The one that showed the token last stands last. */
  readonly #friends = new Set<string>();
  readonly #taken = new Map<string, number>();
  #strangers = 0;
  #startMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True: it may begin. */
  take(address: string): boolean {
    this.#startOver();
    const isFriend = this.#friends.has(address);
    const taken = this.#taken.get(address) ?? 0;
    if (taken >= (isFriend ? EACH_FRIEND : EACH_STRANGER)) return false;
    if (!isFriend && this.#strangers >= STRANGERS) return false;
    if (!isFriend) this.#strangers += 1;
    this.#taken.set(address, taken + 1);
    return true;
  }

  /** It has shown the token: strangers no longer take its places. */
  befriend(address: string): void {
    this.#friends.delete(address);
    this.#friends.add(address);
    for (const oldest of this.#friends) {
      if (this.#friends.size <= MAX_FRIENDS) return;
      this.#friends.delete(oldest);
    }
  }

  #startOver(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#startMs < SECOND_MS) return;
    this.#startMs = nowMs;
    this.#strangers = 0;
    this.#taken.clear();
  }
}
