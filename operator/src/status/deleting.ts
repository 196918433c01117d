/** What is said of an SbcInstance that is being deleted and still there: who holds it, and what becomes of its pods. Pure. */
import { conditionsOf } from '@teams-sbc/crds';
import type { ReasonOf, Status } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { DrainingOutcome } from './draining.ts';
import type { Outcomes } from './upsert-conditions.ts';

/** Of a list that others write. */
const MOST_FINALIZERS = 8;

/** All else stands as it was said last. @param current the status as it is there @returns undefined: nothing was said of it yet */
export function deletingStatus(
  current: unknown,
  finalizers: readonly string[],
  draining: DrainingOutcome,
): { readonly conditions: Outcomes; readonly fields: Readonly<Record<string, unknown>> } | undefined {
  const { conditions = [], ...fields } = (current ?? {}) as Status;
  const ours = conditions.filter(({ type }) => (conditionsOf.SbcInstance as readonly string[]).includes(type));
  if (ours.length === 0) return undefined;
  const before = Object.fromEntries(ours.map((each) => [each.type, each])) as Outcomes;
  return { conditions: { ...before, Draining: draining, Ready: deletingReady(finalizers) }, fields };
}

function deletingReady(finalizers: readonly string[]): ConditionOutcome<ReasonOf<'SbcInstance', 'Ready'>> {
  const held = finalizers.slice(0, MOST_FINALIZERS).join(', ');
  const by = finalizers.length === 0 ? '' : `, and held by what has these finalizers: ${held}`;
  const message = `it is being deleted${by}; changes are taken up no more, and its pods go when it is gone, or before`;
  return { status: 'Unknown', reason: 'Deleting', message };
}
