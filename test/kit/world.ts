/** The runtime's calls on virtual time between scripted parties. The one place where scenarios meet the composition. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { WaitProbe } from '../../sbc-runtime/src/b2bua/call-gate.ts';
import type { CallRecord, CallRecords } from '../../sbc-runtime/src/b2bua/call-ports.ts';
import { keepCallsIn } from '../../sbc-runtime/src/call-journal.ts';
import { composeCalls, type CallSystem, type ComposeDeps } from '../../sbc-runtime/src/compose.ts';
import type { MemoryFile } from '../../sbc-runtime/src/journal/testing/memory-file.ts';
import { readJournal } from '../../sbc-runtime/src/journal/journal-text.ts';
import type { Clock } from '../../sbc-runtime/src/kernel/clock.ts';
import { silentLog } from '../../sbc-runtime/src/kernel/log.ts';
import { noMetrics } from '../../sbc-runtime/src/kernel/metrics.ts';
import type { Credentials } from '../../sbc-runtime/src/sip/digest.ts';
import { VirtualClock } from '../../sbc-runtime/src/kernel/virtual-clock.ts';
import { FakeRelay } from './fake-relay.ts';
import { Ladder } from './ladder.ts';

import { Life } from './mortal.ts';
import { Network } from './network.ts';
import { SBC_ADDRESS } from './routing-state.ts';
import { virtualRandom } from './virtual-random.ts';

export interface WorldOptions {
  /** For very many calls: no ladder, no list of what the relay did, and `records` elsewhere. @default false */
  readonly isLight?: boolean;
  /** @default the list `records` */
  readonly records?: CallRecords;
  /** What trunks log in with, by name. @default nothing */
  readonly logins?: Readonly<Record<string, Credentials>>;
  /** @default the transaction room's */
  readonly maxTransactions?: number;
  /** Tells the SBC how late it is. @default nothing does */
  readonly probe?: (clock: Clock) => WaitProbe;
  /** Where its calls are kept for a life after this one. @default it has one life */
  readonly journal?: MemoryFile;
}

/** Long enough for every transaction: 64*T1, T4, and 64*T1 again where a BYE follows a lost ACK. */
const SETTLES_IN_MS = 75_000;

export class World {
  readonly clock = new VirtualClock();
  readonly ladder: Ladder;
  readonly network: Network;
  readonly relay: FakeRelay;
  /** Calls that have ended, in order. */
  readonly records: CallRecord[] = [];
  system: CallSystem;
  readonly #options: WorldOptions;
  readonly #random = virtualRandom();
  #life: Life | undefined;

  constructor(state: RoutingState, options: WorldOptions = {}) {
    this.#options = options;
    this.ladder = new Ladder(options.isLight !== true);
    this.network = new Network(this.clock, this.ladder);
    this.relay = new FakeRelay(this.clock, this.ladder);
    this.system = this.#start(state);
  }

  /** SIGKILL: not another word, and its connections are cut. */
  isKilled(): void {
    this.#life?.ends();
    this.network.closesAll();
  }

  /** As the kubelet does: the same pod, its address and its journal. */
  startsAgain(state: RoutingState): CallSystem {
    this.system = this.#start(state);
    this.relay.isSwept();
    return this.system;
  }

  #start(state: RoutingState): CallSystem {
    const { journal: file } = this.#options;
    if (file === undefined)
      return this.#compose(state, { transports: this.network, relay: this.relay, clock: this.clock });
    const life = new Life({ clock: this.clock, network: this.network, relay: this.relay, file });
    this.#life = life;
    const { clock, transports, relay } = life;
    const kept = keepCallsIn({ clock, log: silentLog, file: life.file, nextTurn: () => Promise.resolve() });
    const system = this.#compose(state, { transports, relay, clock, journal: kept.journal });
    system.takeOver(kept.takeFound())();
    return system;
  }

  #compose(state: RoutingState, parts: Pick<ComposeDeps, 'transports' | 'relay' | 'clock' | 'journal'>): CallSystem {
    const options = this.#options;
    const system = composeCalls({
      ...parts,
      random: this.#random,
      log: silentLog,
      metrics: noMetrics,
      records: options.records ?? { started: () => undefined, ended: (record) => this.records.push(record) },
      state,
      podName: 'sbc-0',
      bindAddress: SBC_ADDRESS,
      userAgent: 'teams-sbc',
      credentials: (trunk) => options.logins?.[trunk],
      ...(options.maxTransactions === undefined ? {} : { maxTransactions: options.maxTransactions }),
      ...(options.probe === undefined ? {} : { probe: options.probe(this.clock) }),
    });
    system.apply(state);
    return system;
  }

  /** Lets `ms` go by, timer by timer. */
  async passes(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    for (;;) {
      // What waits for a promise runs before the next timer.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const dueMs = this.clock.nextDueMs();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.clock.runNext();
    }
    this.clock.advance(untilMs - this.clock.nowMs());
  }

  /** Lets transactions run out, then names what is still there. */
  async leftovers(): Promise<string[]> {
    this.system.stop();
    await this.passes(SETTLES_IN_MS);
    return this.left();
  }

  /** Names what is there at this moment. */
  left(): string[] {
    const sizes = Object.entries(this.system.size()).filter(([, size]) => size > 0);
    return [
      ...sizes.map(([what, size]) => `${size} ${what} left`),
      ...(this.#keptCalls() > 0 ? [`${this.#keptCalls()} calls left in the journal`] : []),
      ...(this.relay.sessions.size > 0 ? [`${this.relay.sessions.size} media sessions left`] : []),
      ...(this.clock.pending > 0 ? [`${this.clock.pending} timers left`] : []),
    ];
  }

  #keptCalls(): number {
    const { entries, foreign, spoiled } = readJournal(this.#options.journal?.text ?? '', (_, entry) => entry);
    return foreign === undefined && spoiled.count === 0 ? entries.length : 1;
  }
}
