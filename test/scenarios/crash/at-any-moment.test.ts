/**
 * The runtime is killed behind each message of a call in turn. Whoever hangs up gets out, at the latest when a person at either
 * end does not hear the other any more, and nothing is left anywhere.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryFile } from '../../../sbc-runtime/src/journal/testing/memory-file.ts';
import { Agent } from '../../kit/agent.ts';
import type { Act, CallPlan } from '../../kit/agent-plan.ts';
import { titleOf } from '../../kit/network.ts';
import { oneTrunkEach } from '../../kit/setups.ts';
import { World } from '../../kit/world.ts';

const LONGEST_MS = 10 * 60_000;
const AWAY_MS = 400;
const NUMBERS = { teams: '+4989111111', pbx: '+498912345' };

const goodbye: Act = { afterMs: 60_000, what: 'bye' };
const answering: CallPlan = { rings: [{ afterMs: 50, status: 180 }], answers: { afterMs: 500, status: 200 } };
const acting = (what: Act['what'], then: Act = goodbye): readonly Act[] => [
  { afterMs: 2000, what: 'refresh' },
  { afterMs: 1000, what },
  then,
];

interface Story {
  readonly caller: CallPlan;
  readonly callee: CallPlan;
}

const stories: Readonly<Record<string, Story>> = {
  'the caller refreshes and hangs up': { caller: { acts: acting('bye') }, callee: { ...answering, acts: [goodbye] } },
  'the callee refreshes and hangs up': { caller: { acts: [goodbye] }, callee: { ...answering, acts: acting('bye') } },
  'the callee holds, the caller hangs up': {
    caller: { acts: [{ afterMs: 8000, what: 'bye' }] },
    callee: { ...answering, acts: acting('hold') },
  },
};

/** Killed behind message `at`, counted from 0; never where there are fewer. */
async function callKilledAt(from: 'teams' | 'pbx', { caller, callee }: Story, at: number) {
  const world = new World(oneTrunkEach.state, { journal: new MemoryFile() });
  const { clock, network } = world;
  const agent = (name: 'teams' | 'pbx') =>
    new Agent({
      ...{ clock, network, setup: oneTrunkEach.parties[name], keepsCalls: true },
      planFor: () => callee,
      onProblem: () => undefined,
    });
  const agents = { teams: agent('teams'), pbx: agent('pbx') };
  let count = 0;
  let killedBehind: string | undefined;
  network.tap = ({ text }) => {
    if (count === at) {
      killedBehind = titleOf(text);
      clock.after(0, () => world.isKilled());
      clock.after(AWAY_MS, () => world.startsAgain(oneTrunkEach.state));
    }
    count += 1;
    return undefined;
  };
  agents[from].places(caller, NUMBERS[from === 'teams' ? 'pbx' : 'teams']);
  while (clock.pending > 0 && clock.nowMs() < LONGEST_MS) await world.passes((clock.nextDueMs() ?? 0) - clock.nowMs());
  const open = Object.values(agents).flatMap(({ name, calls }) =>
    calls.filter((call) => !call.isOver).map(() => `${name} is still in the call`),
  );
  const ends = world.records.map(({ end }) => end?.reason ?? 'no end');
  return { killedBehind, left: [...open, ...world.left()], ends, ladder: world.ladder.toString() };
}

for (const from of ['teams', 'pbx'] as const) {
  for (const [name, story] of Object.entries(stories)) {
    test(`${from} calls, ${name}: killed behind any message, both get out of it`, async () => {
      let wentOn = 0;
      for (let at = 0; ; at += 1) {
        const { killedBehind, left, ends, ladder } = await callKilledAt(from, story, at);
        assert.deepEqual(left, [], `killed behind message ${at}, ${killedBehind ?? 'none'}\n${ladder}`);
        if (killedBehind === undefined) break;
        if (ends.includes('normal-clearing')) wentOn += 1;
      }
      assert.equal(wentOn > 5, true, `${wentOn} calls went on`);
    });
  }
}
