/** Whole calls, once for each position of a fault: the fault may cost time, but never the call, and both sides end up of one mind. */
import assert from 'node:assert/strict';
import {
  stageCall,
  type CallOutcome,
  type CallStory,
  type CarriedMessage,
  type Meddling,
} from '../../kit/staged-call.ts';
import type { Carried, Fate, Network } from '../../kit/network.ts';
import type { Act } from '../../kit/agent-plan.ts';

const holdAndResume: readonly Act[] = [
  { afterMs: 1000, what: 'hold' },
  { afterMs: 20_000, what: 'resume' },
  { afterMs: 20_000, what: 'refresh' },
];
const hangsUp: Act = { afterMs: 20_000, what: 'bye' };
const rings = [{ afterMs: 100, status: 180 }];
/** Behind every copy and repetition of what came before. */
const answersLater = { afterMs: 12_000, status: 200 };
/** The other side hangs up: this one waits. */
const waits = { rings, answers: answersLater };

const stories: readonly Omit<CallStory, 'from'>[] = [
  {
    name: 'the caller holds, resumes, refreshes and hangs up',
    caller: { acts: [...holdAndResume, hangsUp] },
    callee: waits,
  },
  {
    name: 'the callee holds, resumes, refreshes and hangs up',
    caller: {},
    callee: { ...waits, acts: [...holdAndResume, hangsUp] },
  },
  {
    name: 'early media, then an answer at once',
    caller: { acts: [hangsUp] },
    callee: {
      rings: [
        { afterMs: 100, status: 183, sdp: true },
        { afterMs: 9000, status: 180 },
      ],
      answers: { afterMs: 9001, status: 200 },
    },
  },
  { name: 'the callee is busy', caller: {}, callee: { rings, answers: { afterMs: 12_000, status: 486 } } },
  { name: 'the caller gives up', caller: { cancelsAfterMs: 12_000 }, callee: { rings } },
  { name: 'nobody answers', caller: {}, callee: { rings } },
];

export const everyStory: readonly CallStory[] = stories.flatMap((story) =>
  (['teams', 'pbx'] as const).map((from) => ({ ...story, from, name: `${from} calls: ${story.name}` })),
);

export interface Fault {
  /** Which messages it may hit. */
  readonly mayHit: (message: CarriedMessage) => boolean;
  /** `hits` counts how often the message at the position, its copies included, has set out before. */
  readonly fate: (carried: Carried, network: Network, hits: number) => Fate;
}

/** Runs the story once undisturbed, and once for each position that the fault may hit. Returns how many runs that were. */
export function sweep(story: CallStory, fault: Fault, relayMs: number): number {
  const undisturbed = stageCall(story, undefined, relayMs);
  assert.deepEqual(undisturbed.problems, [], undisturbed.ladder);
  let runs = 0;
  for (const [position, message] of undisturbed.messages.entries()) {
    if (!fault.mayHit(message)) continue;
    runs += 1;
    const about = `${story.name}: message ${position}, ${message.title} from ${message.from} to ${message.to}`;
    compare(hit(story, { position, fault, relayMs }), undisturbed, about);
  }
  return runs;
}

interface Hit {
  readonly position: number;
  readonly fault: Fault;
  readonly relayMs: number;
}

function hit(story: CallStory, { position, fault, relayMs }: Hit): CallOutcome {
  let target: string | undefined;
  let hits = 0;
  const meddle: Meddling = (at, carried, { network }) => {
    if (at === position) target = carried.text;
    return carried.text === target ? fault.fate(carried, network, hits++) : undefined;
  };
  return stageCall(story, meddle, relayMs);
}

function compare(outcome: CallOutcome, undisturbed: CallOutcome, about: string): void {
  const seen = ({ caller, callee, calls, directions, end, problems }: CallOutcome) => ({
    ...{ caller, callee, calls, directions, end, problems },
  });
  assert.deepEqual(seen(outcome), seen(undisturbed), `${about}\n${outcome.ladder}\n`);
}
