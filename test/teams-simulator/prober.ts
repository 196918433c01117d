/** Microsoft's own OPTIONS: to the FQDN in the Contact of the SBC's first good one, from every data centre that got one. */
import type { Connection, DataCentre } from './connection.ts';
import type { Trunk } from './identity.ts';
import type { SimulatorLog } from './log.ts';
import { optionsTo } from './messages.ts';
import type { Requests } from './requests.ts';

export interface ProberUse {
  /** 0: none. */
  readonly periodMs: number;
  readonly dial: (host: string, port: number, from: DataCentre) => Promise<Connection>;
  readonly requests: Requests;
  readonly log: SimulatorLog;
}

const MAX_PROBED = 1000;

export class Prober {
  readonly #use: ProberUse;
  /** `sbc-0.example.com:5061 from sip2.pstnhub.microsoft.com`. */
  readonly #probed = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(use: ProberUse) {
    this.#use = use;
  }

  /** "SIP Proxy waits for SBC to start the exchange" (docs/teams-direct-routing.md O13). */
  start(trunk: Trunk, dataCentre: DataCentre): void {
    const key = `${trunk.fqdn}:${trunk.port} from ${dataCentre.host}`;
    if (this.#use.periodMs === 0 || this.#probed.has(key) || this.#probed.size >= MAX_PROBED) return;
    this.#probed.add(key);
    void this.#again(key, trunk, dataCentre);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #again(key: string, trunk: Trunk, dataCentre: DataCentre): Promise<void> {
    try {
      const connection = await this.#use.dial(trunk.fqdn, trunk.port, dataCentre);
      await this.#use.requests.send(optionsTo(trunk.fqdn, trunk.port, dataCentre), connection);
      connection.destroy();
    } catch (error) {
      const detail = `${key}: ${error instanceof Error ? error.message : String(error)}`;
      if (!this.#isStopped)
        this.#use.log.note({ kind: 'options-failed', connection: 0, dataCentre: dataCentre.host, detail });
    }
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#again(key, trunk, dataCentre);
    }, this.#use.periodMs);
    this.#timers.add(timer);
  }
}
