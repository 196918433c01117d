/** Whether Microsoft answers a trunk that sends no OPTIONS of its own, told from those of the carrier above it. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { MergedTarget } from './merge-targets.ts';
import { mergeTargets } from './merge-targets.ts';
import type { PodView } from './pod-view.ts';
import { reachable } from './reachable.ts';

interface CarrierFacts {
  /** Names of the TeamsTrunks that send OPTIONS for the names which it lies below. */
  readonly carriers: readonly string[];
  readonly pods: readonly PodView[];
  readonly isProgrammed: boolean;
}

/** In words that change with the status alone: thousands of trunks may lie below one. */
const words = {
  True: 'and Microsoft answers',
  False: 'and Microsoft does not answer: see its condition Reachable',
  Unknown: 'and no answer is known yet',
} as const;

export function probedByCarrier({
  carriers,
  pods,
  isProgrammed,
}: CarrierFacts): ConditionOutcome<ReasonOf<'TeamsTrunk', 'Reachable'>> {
  const targets = carriers.flatMap((carrier) => mergeTargets(carrier, hostsOf(carrier, pods), pods));
  const outcome = reachable({ targets, pods, isProgrammed, isProbed: true, mustTake: true });
  // Of the pods, not of Microsoft.
  if (outcome.reason === 'PodsSilent' || outcome.reason === 'NotProgrammed') return outcome;
  const names = carriers.map((name) => `TeamsTrunk/${name}`).join(' and ');
  const verb = carriers.length === 1 ? 'sends' : 'send';
  return {
    status: outcome.status,
    reason: 'ProbedByCarrier',
    message: `${names} ${verb} the OPTIONS for it, ${words[outcome.status]}`,
  };
}

function hostsOf(carrier: string, pods: readonly PodView[]): readonly Pick<MergedTarget, 'host' | 'port'>[] {
  const targets = pods.flatMap((pod) => pod.trunks.get(carrier)?.targets ?? []);
  return [...new Map(targets.map(({ host, port }) => [`${host} ${String(port)}`, { host, port }])).values()];
}
