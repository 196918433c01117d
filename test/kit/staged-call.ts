/** One call between two agents on virtual time, with whatever happens to its messages: the ground of every sweep. */
import { Agent } from './agent.ts';
import type { CallPlan } from './agent-plan.ts';
import { cseqOf, statusOf } from './agent-text.ts';
import type { Carried, Fate } from './network.ts';
import { SBC_FQDN } from './routing-state.ts';
import { oneTrunkEach } from './setups.ts';
import { Witness } from './witness.ts';
import { World } from './world.ts';

export interface CallStory {
  readonly name: string;
  readonly from: 'teams' | 'pbx';
  readonly caller: CallPlan;
  readonly callee: CallPlan;
}

export interface CarriedMessage {
  readonly from: string;
  readonly to: string;
  /** `INVITE`, `200 (BYE)`. */
  readonly title: string;
  readonly isReliable: boolean;
}

export interface CallOutcome {
  /** In the order in which they set out, copies included. */
  readonly messages: readonly CarriedMessage[];
  readonly caller: string;
  readonly callee: string;
  /** How many calls the parties have had, both together. */
  readonly calls: number;
  /** As last agreed, caller and callee. */
  readonly directions: string;
  /** How the SBC's record says it ended. */
  readonly end: string;
  /** Everything that must not be. */
  readonly problems: readonly string[];
  readonly ladder: string;
}

/** `at` counts the messages from 0. */
export type Meddling = (at: number, carried: Carried, world: World) => Fate;

/** Longer than any patience of the parties. */
const LONGEST_MS = 30 * 60_000;
const NUMBERS = { teams: '+4989111111', pbx: '+498912345' };

export function stageCall(story: CallStory, meddle: Meddling = () => undefined, relayMs = 1): CallOutcome {
  const world = new World(oneTrunkEach.state);
  const { clock, network } = world;
  const witness = new Witness({ fqdn: SBC_FQDN, teams: ['teams'] });
  const problems: string[] = [];
  const agent = (name: 'teams' | 'pbx') =>
    new Agent({
      ...{ clock, network, setup: oneTrunkEach.parties[name], keepsCalls: true },
      planFor: () => story.callee,
      onProblem: (problem) => problems.push(problem),
    });
  const agents = { teams: agent('teams'), pbx: agent('pbx') };
  const called = story.from === 'teams' ? 'pbx' : 'teams';
  const messages: CarriedMessage[] = [];
  network.tap = (carried) => {
    witness.sees(carried);
    const { from, to, text, wire } = carried;
    messages.push({ from, to, title: titleOf(text), isReliable: wire.isReliable });
    return meddle(messages.length - 1, carried, world);
  };
  world.relay.takes(relayMs);
  agents[story.from].places(story.caller, NUMBERS[called]);
  while (clock.pending > 0 && clock.nowMs() < LONGEST_MS) clock.runNext();
  for (const { name, calls, size } of Object.values(agents)) {
    if (calls.some((call) => !call.isOver)) problems.push(`the call of ${name} is not over`);
    if (size > 0) problems.push(`${name} still knows ${size} calls and transactions`);
  }
  const [caller, callee] = [agents[story.from].calls[0], agents[called].calls[0]];
  return {
    messages,
    caller: caller?.outcome ?? 'none',
    callee: callee?.outcome ?? 'none',
    calls: agents.teams.calls.length + agents.pbx.calls.length,
    directions: `${caller?.direction ?? 'none'} ${callee?.direction ?? 'none'}`,
    end: world.records.map(({ end }) => end?.reason ?? 'no end').join(', '),
    problems: [...problems, ...witness.problems, ...world.left()],
    ladder: world.ladder.toString(),
  };
}

function titleOf(text: string): string {
  const { method } = cseqOf(text);
  const status = statusOf(text);
  return status === 0 ? method : `${status} (${method})`;
}
