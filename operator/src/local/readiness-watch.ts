/** Asks a container whether it is ready: often until it is, then as often as its probe says. */
import type { Probe } from '../objects/kube-types.ts';
import type { Clock, Timer } from '../kernel/clock.ts';
import { probeHttp } from './probe-readiness.ts';

export interface ReadinessParams {
  readonly clock: Clock;
  readonly host: string;
  readonly port: number;
  readonly probe: Probe;
  /** At every probe that succeeds. */
  readonly onReady: () => void;
  /** Was ready and is no longer, or does not become it in `patienceMs`. */
  readonly onUnready: (reason: string) => void;
}

const startingPeriodMs = 100;
/** Then a person wants to know what it waits for. */
const patienceMs = 10_000;

export class ReadinessWatch {
  readonly #params: ReadinessParams;
  #round = 0;
  #timer: Timer | undefined;

  constructor(params: ReadinessParams) {
    this.#params = params;
  }

  start(): void {
    this.stop();
    void this.#watch(this.#round);
  }

  stop(): void {
    this.#round++;
    this.#timer?.cancel();
  }

  async #watch(round: number): Promise<void> {
    const { clock, host, port, probe, onReady, onUnready } = this.#params;
    const startedMs = clock.nowMs();
    let state: 'starting' | 'late' | 'ready' | 'unready' = 'starting';
    for (;;) {
      const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
      const reason = await probeHttp({ host, port, path: probe.httpGet?.path ?? '/readyz', timeoutMs });
      if (round !== this.#round) return;
      if (reason === undefined) {
        onReady();
        state = 'ready';
      } else if (state === 'ready') {
        state = 'unready';
        onUnready(reason);
      } else if (state === 'starting' && clock.nowMs() - startedMs > patienceMs) {
        state = 'late';
        onUnready(reason);
      }
      const periodMs = state === 'ready' ? (probe.periodSeconds ?? 10) * 1000 : startingPeriodMs;
      await new Promise<void>((resolve) => (this.#timer = clock.after(periodMs, resolve)));
    }
  }
}
