/** Who may begin a TLS handshake: few at a time for each address, and none for a while after one that cost too much. */
import type { Clock } from '../kernel/clock.ts';

/** Addresses remembered for what they have cost; the oldest are forgotten. */
const MAX_REMEMBERED = 4096;

export type NoHandshake = 'too-many-handshakes' | 'too-many-handshakes-from-address' | 'handshake-cool-down';

export interface HandshakeDoorOptions {
  readonly clock: Clock;
  readonly limits: {
    readonly maxHandshakes: number;
    readonly maxHandshakesPerAddress: number;
    readonly handshakeCoolDownMs: number;
  };
}

export class HandshakeDoor {
  readonly #options: HandshakeDoorOptions;
  readonly #openFrom = new Map<string, number>();
  readonly #coolUntilMs = new Map<string, number>();
  #open = 0;

  constructor(options: HandshakeDoorOptions) {
    this.#options = options;
  }

  /** `ok` takes a place, which `leave` gives back. */
  enter(address: string): 'ok' | NoHandshake {
    const { maxHandshakes, maxHandshakesPerAddress } = this.#options.limits;
    if (this.#isCooling(address)) return 'handshake-cool-down';
    if (this.#open >= maxHandshakes) return 'too-many-handshakes';
    const open = this.#openFrom.get(address) ?? 0;
    if (open >= maxHandshakesPerAddress) return 'too-many-handshakes-from-address';
    this.#open += 1;
    this.#openFrom.set(address, open + 1);
    return 'ok';
  }

  leave(address: string): void {
    this.#open -= 1;
    const open = (this.#openFrom.get(address) ?? 0) - 1;
    if (open > 0) this.#openFrom.set(address, open);
    else this.#openFrom.delete(address);
  }

  coolDown(address: string): void {
    const { clock, limits } = this.#options;
    this.#coolUntilMs.delete(address);
    this.#coolUntilMs.set(address, clock.nowMs() + limits.handshakeCoolDownMs);
    if (this.#coolUntilMs.size <= MAX_REMEMBERED) return;
    const oldest = this.#coolUntilMs.keys().next();
    if (oldest.done !== true) this.#coolUntilMs.delete(oldest.value);
  }

  #isCooling(address: string): boolean {
    const untilMs = this.#coolUntilMs.get(address);
    if (untilMs === undefined) return false;
    if (untilMs > this.#options.clock.nowMs()) return true;
    this.#coolUntilMs.delete(address);
    return false;
  }
}
