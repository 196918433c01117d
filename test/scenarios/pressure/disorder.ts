/** Two parties, and whatever may happen to them, drawn by fast-check: plans, faults of network and relay, messages that break every rule. */
import fc from 'fast-check';
import type { CallPlan } from '../../kit/agent-plan.ts';
import { cseqOf, methodOf, statusOf } from '../../kit/agent-text.ts';
import type { Carried, Fate, Network } from '../../kit/network.ts';
import { stageCall, type CallOutcome, type CallStory } from '../../kit/staged-call.ts';

/** Hits the message with this number, whatever it is then. */
export interface Mishap {
  readonly at: number;
  readonly what:
    'lost' | 'again' | 'again later' | 'cut' | 'lost and cut' | 'down' | 'relay hangs' | 'relay refuses' | Forgery;
}

/** A message of a party once more, changed so that no well-behaved party would send it. */
export type Forgery =
  'other branch' | 'old CSeq' | 'far CSeq' | 'other tag' | 'no tag' | 'as BYE' | 'as UPDATE' | 'as CANCEL' | 'as ACK';

export interface Disorder {
  readonly story: CallStory;
  readonly mishaps: readonly Mishap[];
  readonly relayMs: number;
}

const pause = fc.constantFrom(0, 1, 2, 5, 100, 500, 3000, 40_000);
const act = fc.record({ afterMs: pause, what: fc.constantFrom('hold', 'resume', 'refresh', 'options') });
const ring = fc.record({ afterMs: pause, status: fc.constantFrom(180, 181, 183), sdp: fc.boolean() });
const final = fc.record({ afterMs: pause, status: fc.constantFrom(200, 200, 200, 404, 486, 487, 503, 600) });
const bye = fc.record({ afterMs: pause, what: fc.constant('bye' as const) });
const acts = fc.tuple(fc.array(act, { maxLength: 5 }), bye).map(([before, last]) => [...before, last]);

const caller: fc.Arbitrary<CallPlan> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ acts }) },
  { weight: 1, arbitrary: fc.record({ cancelsAfterMs: pause, acts }) },
);
const rings = fc.array(ring, { maxLength: 4 });
const callee: fc.Arbitrary<CallPlan> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ rings, answers: fc.record({ afterMs: pause, status: fc.constant(200) }), acts }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ rings, answers: final, acts, ignoresCancel: fc.boolean() }, { requiredKeys: [] }),
  },
);

const mishap: fc.Arbitrary<Mishap> = fc.record({
  at: fc.nat(60),
  what: fc.constantFrom<Mishap['what'][]>(
    ...([
      'lost',
      'lost',
      'again',
      'again later',
      'cut',
      'lost and cut',
      'down',
      'relay hangs',
      'relay refuses',
    ] as const),
    ...([
      'other branch',
      'old CSeq',
      'far CSeq',
      'other tag',
      'no tag',
      'as BYE',
      'as UPDATE',
      'as CANCEL',
      'as ACK',
    ] as const),
  ),
});

export const disorder: fc.Arbitrary<Disorder> = fc.record({
  story: fc.record({ name: fc.constant('drawn'), from: fc.constantFrom('teams', 'pbx'), caller, callee }),
  mishaps: fc.array(mishap, { maxLength: 12 }),
  relayMs: fc.constantFrom(0, 1, 50, 3000),
});

export function play({ story, mishaps, relayMs }: Disorder): CallOutcome {
  let forged = 0;
  const outcome = stageCall(
    story,
    (at, carried, { network, relay, clock }) => {
      // A forgery is no message of the plan; counting it would make forgeries of forgeries for ever.
      let fate: Fate;
      for (const { what } of mishaps.filter((each) => each.at === at)) {
        if (what === 'relay hangs') {
          relay.hangs();
          clock.after(2000, () => relay.comesBack());
        } else if (what === 'relay refuses') relay.fails('answer', 488);
        else if (what === 'down') isDownFor(700, carried, network, clock);
        else if (what === 'lost' && !carried.wire.isReliable) fate = 'lost';
        else if (what === 'again') fate = { copyAfterMs: 0 };
        // RFC 3261 §17.2.1: a stream delivers nothing late, and nobody remembers a refusal there once it is acknowledged.
        else if (what === 'again later') fate = { copyAfterMs: carried.wire.isReliable ? 0 : 700 };
        else if (what === 'cut' || what === 'lost and cut') fate = cut(what, carried, network);
        else if (what !== 'lost' && carried.from !== 'sbc') {
          const text = forge(what, carried.text, ++forged);
          if (text !== undefined) clock.after(3, () => network.carryToSbc(carried.wire, text));
        }
      }
      return fate;
    },
    relayMs,
  );
  // Who has said BYE or ACK without knowing it may believe in its call for ever, or repeat a request that has been
  // forgotten: that is not the SBC's fault.
  const isExcused = (problem: string): boolean =>
    mishaps.some(
      ({ what }) =>
        (what === 'as BYE' && /is not over|still knows/.test(problem)) ||
        (what === 'as ACK' && problem.includes('to one INVITE')),
    );
  return { ...outcome, problems: outcome.problems.filter((problem) => !isExcused(problem)) };
}

function cut(what: 'cut' | 'lost and cut', { wire }: Carried, network: Network): Fate {
  if (!wire.isReliable) return undefined;
  network.closes(wire.station);
  return what === 'cut' ? undefined : 'lost';
}

function isDownFor(
  ms: number,
  { wire }: Carried,
  network: Network,
  clock: { after: (ms: number, then: () => void) => unknown },
): void {
  network.closes(wire.station);
  wire.station.isDown = true;
  clock.after(ms, () => (wire.station.isDown = false));
}

function forge(what: Forgery, text: string, nth: number): string | undefined {
  if (statusOf(text) > 0)
    return what === 'other branch' ? text.replace(/;branch=[^;\r]*/, `;branch=z9hG4bK-forged-${nth}`) : undefined;
  const fresh = text.replace(/;branch=[^;\r]*/, `;branch=z9hG4bK-forged-${nth}`);
  const { number, method } = cseqOf(text);
  const numbered = (to: number) => fresh.replace(`CSeq: ${number} `, `CSeq: ${to} `);
  switch (what) {
    case 'other branch':
      return fresh;
    case 'old CSeq':
      return numbered(0);
    case 'far CSeq':
      return numbered(number + 1000);
    case 'other tag':
      return fresh.replace(/^(From: [^\r]*;tag=)[^\r]*/m, '$1forged');
    case 'no tag':
      return fresh.replace(/^(To: [^\r]*);tag=[^\r]*/m, '$1');
    case 'as BYE':
    case 'as UPDATE':
      return renamed(fresh, method, what.slice(3));
    // These two belong to the transaction that they name.
    case 'as CANCEL':
    case 'as ACK':
      return renamed(text, method, what.slice(3));
  }
}

function renamed(text: string, from: string, to: string): string {
  return text.replace(methodOf(text), to).replace(new RegExp(`^(CSeq: \\d+) ${from}`, 'm'), `$1 ${to}`);
}
