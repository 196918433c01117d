/** The clock of a real user agent: Node's timers, all of which end with it. */
import type { Clock, Timer } from '../../../sbc-runtime/src/kernel/clock.ts';

class SocketTimer implements Timer {
  readonly dueMs: number;
  handle: NodeJS.Timeout | undefined;

  constructor(dueMs: number) {
    this.dueMs = dueMs;
  }
}

export class SocketClock implements Clock {
  readonly #timers = new Set<SocketTimer>();

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  after(afterMs: number, callback: () => void): Timer {
    const timer = new SocketTimer(performance.now() + afterMs);
    this.#timers.add(timer);
    timer.handle = setTimeout(() => {
      this.#timers.delete(timer);
      callback();
    }, afterMs);
    return timer;
  }

  cancel(timer: Timer): void {
    if (!(timer instanceof SocketTimer)) return;
    this.#timers.delete(timer);
    clearTimeout(timer.handle);
  }

  stop(): void {
    for (const timer of [...this.#timers]) this.cancel(timer);
  }
}
