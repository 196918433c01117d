/** What one manifest has become: an entry of the document, or the problems for which it is none, or both. Pure. */
import { canonicalJson, entryProblems, hashText } from '@teams-sbc/crds/runtime';
import type { CallRouteState, NumberPolicyState, TrunkState } from '@teams-sbc/crds/runtime';
import type { AttachedObject } from './attached.ts';
import type { Problem, ProblemReason } from './problem.ts';
import { refOf } from './problem.ts';

interface Entries {
  readonly trunks: TrunkState;
  readonly callRoutes: CallRouteState;
  readonly numberPolicies: NumberPolicyState;
}

export interface Compiled<Entry> {
  readonly entry?: Entry;
  /** Of the entry's canonical JSON; empty where there is none. */
  readonly hash: string;
  /** Of that JSON, in characters. Absent where there is none. */
  readonly length?: number;
  readonly problems: readonly Problem[];
}

export function refused(object: AttachedObject, field: string, reason: ProblemReason, message: string): Problem {
  return { object: refOf(object), field, reason, message, blocking: false };
}

/** An entry that the runtime will take; what it would refuse harms no other entry. */
export function compiledEntry<List extends keyof Entries>(
  object: AttachedObject,
  list: List,
  entry: Entries[List],
  problems: readonly Problem[] = [],
): Compiled<Entries[List]> {
  const [fault] = entryProblems(list, entry);
  if (fault === undefined) {
    const text = canonicalJson(entry);
    return { entry, hash: hashText(text), length: text.length, problems };
  }
  const message = `the routing state made of it is not valid: ${fault.message}`;
  return { hash: '', problems: [refused(object, 'spec', 'DocumentInvalid', message)] };
}
