/** A day of calls on virtual time through the composed calls, with what a day brings: then nothing may be left, and memory must be flat. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CallRecords } from '../../../sbc-runtime/src/observability/call-records.ts';
import { TraceRing } from '../../../sbc-runtime/src/observability/trace-ring.ts';
import { Agent } from '../../kit/agent.ts';
import type { CallPlan } from '../../kit/agent-plan.ts';
import type { Carried, Fate } from '../../kit/network.ts';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { twoPbxs } from '../../kit/setups.ts';
import { World } from '../../kit/world.ts';
import { sequence } from './sequence.ts';
import { storyOf, storyOfNumber, type Story } from './stories.ts';

const DAY_MS = 24 * 3_600_000;
/** Longer than the longest call, and every patience behind it. */
const SETTLES_IN_MS = 60 * 60_000;
const NUMBER = { teams: '+49891', pbx: '+49301' };

export interface SoakResult {
  readonly calls: number;
  /** How the SBC's records say that they ended. */
  readonly ends: ReadonlyMap<string, number>;
  /** Megabytes of live objects after 10 %, 50 % and 100 % of the calls, garbage collected. */
  readonly heapMiB: readonly number[];
  /** The most that there was at once, at any call. */
  readonly peak: { readonly calls: number; readonly transactions: number; readonly mediaSessions: number };
  readonly traced: { readonly messages: number; readonly bytes: number };
  readonly messages: number;
  readonly problems: readonly string[];
  /** Everything that is left behind the end. */
  readonly left: readonly string[];
}

export function soak(calls: number, report: (line: string) => void = () => undefined): SoakResult {
  return new Soak(calls, report).run();
}

class Soak {
  readonly #calls: number;
  readonly #report: (line: string) => void;
  readonly #random = sequence(42);
  readonly #kept = new CallRecords();
  readonly #ring = new TraceRing();
  readonly #ends = new Map<string, number>();
  readonly #problems: string[] = [];
  readonly #heapMiB: number[] = [];
  readonly #world: World;
  readonly #teams: Agent;
  readonly #pbxOne: Agent;
  readonly #agents: readonly Agent[];
  #placed = 0;
  #messages = 0;
  #peak = { calls: 0, transactions: 0, mediaSessions: 0 };

  constructor(calls: number, report: (line: string) => void) {
    this.#calls = calls;
    this.#report = report;
    this.#world = new World(stateOfSoak(), {
      isLight: true,
      records: {
        started: (record) => this.#kept.started(record),
        ended: (record) => {
          this.#kept.ended(record);
          const reason = record.end?.reason ?? 'none';
          this.#ends.set(reason, (this.#ends.get(reason) ?? 0) + 1);
        },
      },
    });
    this.#teams = this.#agent('teams');
    this.#pbxOne = this.#agent('pbxOne');
    this.#agents = [this.#teams, this.#pbxOne, this.#agent('pbxTwo')];
    this.#world.network.tap = (carried) => this.#carry(carried);
  }

  run(): SoakResult {
    const { clock, system, relay } = this.#world;
    this.#placeNext();
    while (clock.nowMs() < DAY_MS) clock.runNext();
    system.stop();
    clock.advance(SETTLES_IN_MS);
    const left = this.#world.left();
    for (const agent of this.#agents) if (agent.size > 0) left.push(`${agent.name} still knows ${agent.size}`);
    if (relay.operations.length > 0) left.push('the relay has kept a list');
    return {
      ...{ calls: this.#placed, ends: this.#ends, heapMiB: this.#heapMiB, peak: this.#peak, left },
      traced: { messages: this.#ring.size, bytes: this.#ring.bytes },
      messages: this.#messages,
      problems: this.#problems,
    };
  }

  #agent(name: 'teams' | 'pbxOne' | 'pbxTwo'): Agent {
    const { clock, network } = this.#world;
    return new Agent({
      ...{ clock, network, setup: twoPbxs.parties[name] },
      planFor: (invite) => planOf(storyOfNumber(userOf(invite)), name),
      onProblem: (problem) => {
        if (this.#problems.length < 100) this.#problems.push(`${clock.nowMs()} ms: ${problem}`);
      },
    });
  }

  /** Evenly over the day: the rate is what the number of calls makes it. */
  #placeNext(): void {
    const { clock } = this.#world;
    const story = storyOf(this.#random.below(1000));
    const from = this.#random.below(2) === 0 ? this.#teams : this.#pbxOne;
    from.places(story.caller, `${from === this.#teams ? NUMBER.pbx : NUMBER.teams}${story.id}`);
    this.#placed += 1;
    this.#watch();
    if (this.#placed < this.#calls) clock.after(DAY_MS / this.#calls, () => this.#placeNext());
  }

  #watch(): void {
    const { calls, transactions } = this.#world.system.size();
    const mediaSessions = this.#world.relay.sessions.size;
    this.#peak.calls = Math.max(this.#peak.calls, calls);
    this.#peak.transactions = Math.max(this.#peak.transactions, transactions);
    this.#peak.mediaSessions = Math.max(this.#peak.mediaSessions, mediaSessions);
    if (![0.1, 0.5, 1].some((share) => this.#placed === Math.floor(this.#calls * share))) return;
    this.#heapMiB.push(liveMiB());
    const heap = this.#heapMiB.at(-1)?.toFixed(1) ?? '';
    this.#report(`${this.#placed} calls placed, ${calls} running, ${this.#messages} messages, heap ${heap} MiB`);
  }

  /** A day's network: one message in a hundred is lost on UDP, some come twice, and now and then Teams' connections end. */
  #carry({ from, to, text, wire }: Carried): Fate {
    this.#messages += 1;
    this.#ring.push(this.#world.clock.wallMs(), from, to, text);
    const drawn = this.#random.below(1000);
    if (wire.isReliable) {
      if (drawn === 0) this.#world.clock.after(1, () => this.#world.network.closes(wire.station));
      return undefined;
    }
    if (drawn < 10) return 'lost';
    return drawn < 15 ? { copyAfterMs: drawn * 10 } : undefined;
  }
}

/** The first PBX has a fault of its own: it refuses what the second one takes. */
function planOf(story: Story, name: string): CallPlan {
  if (name === 'pbxOne' && story.isFailedOver === true) return { answers: { afterMs: 20, status: 503 } };
  return story.callee;
}

function userOf(invite: string): string {
  return invite.slice(invite.indexOf(':') + 1, invite.indexOf('@'));
}

function stateOfSoak() {
  const options = { periodSeconds: 60 };
  return routingState({
    trunks: [
      teamsTrunk({ options }),
      pbxTrunk({
        peers: [
          { name: 'one', host: '10.0.0.2', port: 5060 },
          { name: 'two', host: '10.0.0.3', port: 5060 },
        ],
        allowCIDRs: ['10.0.0.0/24'],
        options,
      }),
    ],
    limits: { maxCalls: 10_000, maxCallsPerSecond: 1000 },
  });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function liveMiB(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1_048_576;
}
