/**
 * A call flow that reads as a ladder: `scenario('A Teams user calls a phone number', oneTrunkEach, async ({ teams, pbx }) => …)`.
 * Every scenario ends with nothing left: no call, leg, transaction, timer, media session or unread message.
 */
import { test } from 'node:test';
import type { CallRecord } from '../../sbc-runtime/src/b2bua/call-ports.ts';
import type { CallSystem } from '../../sbc-runtime/src/compose.ts';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { FakeRelay, OperationExpectation, RelayOperation } from './fake-relay.ts';
import { MemoryFile } from '../../sbc-runtime/src/journal/testing/memory-file.ts';
import { Party } from './party.ts';
import type { Setup } from './setups.ts';
import { World } from './world.ts';

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => count * 60_000;

export interface RelayStage {
  /** The next operation that no `got` has named yet is of this kind. */
  got: (verb: RelayOperation['verb'], expectation?: OperationExpectation) => Promise<RelayOperation>;
  fails: FakeRelay['fails'];
  /** Milliseconds that each request takes from now on. */
  takes: FakeRelay['takes'];
  goesAway: () => void;
  comesBack: () => void;
  hangs: () => void;
  /** And started anew: its sessions are gone. */
  isKilled: () => void;
}

export interface StageTools {
  readonly time: { passes: (ms: number) => Promise<void>; nowMs: () => number };
  readonly network: {
    /** Loses the next `count` messages of this kind that a party sends. */
    drops: (count: number, from: string, what: string | number) => void;
    /** Loses the next `count` messages of this kind on their way to a party. */
    dropsTo: (count: number, to: string, what: string | number) => void;
    delays: (delayMs: number, from: string, what: string | number) => void;
  };
  readonly relay: RelayStage;
  readonly process: {
    /** SIGKILL: not another word. */
    isKilled: () => void;
    /** With its journal; the latest of these is the SBC from then on. */
    startsAgain: (state?: RoutingState) => CallSystem;
    readonly journal: MemoryFile;
  };
  /** The runtime's calls: `apply`, `drain`, `size`. */
  readonly sbc: CallSystem;
  /** Calls that have ended, in order. */
  readonly records: readonly CallRecord[];
  /** Runs by itself at the end; in the text of a scenario it is emphasis. */
  readonly nothingIsLeft: () => Promise<void>;
}

export type Stage<Name extends string> = Readonly<Record<Name, Party>> & StageTools;

export function scenario<Name extends string>(
  name: string,
  setup: Setup<Name>,
  play: (stage: Stage<Name>) => Promise<void>,
): void {
  void test(name, async () => {
    const { stage, finish } = raise(setup);
    await play(stage);
    await finish();
  });
}

/** A stage without a test around it, for the tests of the kit itself. */
export function raise<Name extends string>(
  setup: Setup<Name>,
): { stage: Stage<Name>; finish: () => Promise<void>; world: World } {
  const journal = new MemoryFile();
  const world = new World(setup.state, { ...setup, journal });
  const parties: Record<string, Party> = {};
  for (const [name, { place, party }] of Object.entries<Setup<Name>['parties'][Name]>(setup.parties)) {
    parties[name] = new Party({ ...party, name }, { world, station: world.network.addStation(name, place) });
  }
  const finish = async () => {
    const left = await world.leftovers();
    const unread = Object.values(parties).flatMap((party) => party.leftovers());
    if (left.length + unread.length > 0)
      throw world.ladder.failure(`Something is left: ${[...left, ...unread].join('; ')}`);
  };
  const tools: StageTools = {
    time: { passes: (ms) => world.passes(ms), nowMs: () => world.clock.nowMs() },
    network: {
      drops: (count, from, what) => world.network.drops(count, from, what),
      dropsTo: (count, to, what) => world.network.dropsTo(count, to, what),
      delays: (delayMs, from, what) => world.network.delays(delayMs, from, what),
    },
    relay: relayStage(world),
    process: {
      isKilled: () => world.isKilled(),
      startsAgain: (state = setup.state) => world.startsAgain(state),
      journal,
    },
    sbc: world.system,
    records: world.records,
    nothingIsLeft: finish,
  };
  return { stage: { ...parties, ...tools } as Stage<Name>, finish, world };
}

function relayStage({ relay, ladder }: World): RelayStage {
  let named = 0;
  return {
    got: async (verb, expectation = {}) => {
      const operation = relay.operations[named];
      if (operation?.verb !== verb) throw ladder.failure(`relay expected ${verb}, got ${operation?.verb ?? 'nothing'}`);
      named += 1;
      const { to, from, sdp } = expectation;
      if (to !== undefined && operation.to?.transport !== to)
        throw ladder.failure(`relay: ${verb} is towards ${operation.to?.transport ?? 'nobody'}`);
      if (from !== undefined && operation.from?.transport !== from)
        throw ladder.failure(`relay: ${verb} is from ${operation.from?.transport ?? 'nobody'}`);
      if (sdp && !sdp.test(operation.sdp ?? ''))
        throw ladder.failure(`relay: ${verb} does not match ${String(sdp)}\n${operation.sdp ?? ''}`);
      return Promise.resolve(operation);
    },
    fails: (verb, status, reason) => relay.fails(verb, status, reason),
    takes: (latencyMs) => relay.takes(latencyMs),
    goesAway: () => relay.goesAway(),
    comesBack: () => relay.comesBack(),
    hangs: () => relay.hangs(),
    isKilled: () => relay.isKilled(),
  };
}
