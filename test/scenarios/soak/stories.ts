/** What a day's calls are like, in thousandths. The number that is called says which story it is, so that both sides know. */
import type { CallPlan } from '../../kit/agent-plan.ts';

export interface Story {
  readonly id: string;
  readonly perThousand: number;
  readonly caller: CallPlan;
  readonly callee: CallPlan;
  /** The first PBX refuses with 503; only where a PBX is called. */
  readonly isFailedOver?: boolean;
}

const rings = [{ afterMs: 300, status: 180 }];
const answers = (afterMs: number) => ({ rings, answers: { afterMs, status: 200 } });
const refuses = (status: number) => ({ rings, answers: { afterMs: 3000, status } });
const after = (seconds: number, what: 'hold' | 'resume' | 'refresh' | 'options' | 'bye') => ({
  afterMs: seconds * 1000,
  what,
});

const stories: readonly Story[] = [
  { id: '0001', perThousand: 300, caller: { acts: [after(45, 'bye')] }, callee: answers(4000) },
  { id: '0002', perThousand: 200, caller: {}, callee: { ...answers(6000), acts: [after(30, 'bye')] } },
  {
    id: '0003',
    perThousand: 80,
    caller: { acts: [after(10, 'hold'), after(20, 'resume'), after(10, 'bye')] },
    callee: answers(3000),
  },
  {
    id: '0004',
    perThousand: 60,
    caller: {},
    callee: { ...answers(3000), acts: [after(10, 'hold'), after(5, 'resume'), after(5, 'refresh'), after(5, 'bye')] },
  },
  // Both hold, often at the same moment.
  {
    id: '0005',
    perThousand: 30,
    caller: { acts: [after(5, 'hold'), after(5, 'resume'), after(8, 'bye')] },
    callee: { ...answers(2000), acts: [after(5, 'hold'), after(5, 'resume'), after(8, 'bye')] },
  },
  {
    id: '0006',
    perThousand: 70,
    caller: { acts: [after(20, 'options'), after(1, 'bye')] },
    callee: {
      rings: [
        { afterMs: 200, status: 183, sdp: true },
        { afterMs: 900, status: 180 },
      ],
      answers: { afterMs: 901, status: 200 },
    },
  },
  { id: '0007', perThousand: 70, caller: { acts: [after(40, 'bye')] }, callee: answers(2000), isFailedOver: true },
  { id: '0008', perThousand: 70, caller: {}, callee: refuses(486) },
  { id: '0009', perThousand: 20, caller: {}, callee: refuses(404) },
  { id: '0010', perThousand: 10, caller: {}, callee: refuses(603) },
  { id: '0011', perThousand: 60, caller: { cancelsAfterMs: 8000 }, callee: { rings } },
  // CANCEL and 200 cross.
  {
    id: '0012',
    perThousand: 20,
    caller: { cancelsAfterMs: 3000, acts: [after(1, 'bye')] },
    callee: { ...answers(3000), ignoresCancel: true },
  },
  { id: '0013', perThousand: 5, caller: {}, callee: { rings } },
  { id: '0014', perThousand: 5, caller: { acts: [after(1800, 'bye')] }, callee: answers(1000) },
];

/** `drawn`: 0..999. */
export function storyOf(drawn: number): Story {
  let rest = drawn;
  for (const story of stories) {
    if (rest < story.perThousand) return story;
    rest -= story.perThousand;
  }
  throw new RangeError(`Cannot choose a story: ${drawn} is not below 1000`);
}

export function storyOfNumber(number: string): Story {
  const id = number.slice(-4);
  const story = stories.find((each) => each.id === id);
  if (!story) throw new RangeError(`Cannot choose a story: nothing is said about the number ${number}`);
  return story;
}
