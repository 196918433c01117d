/** Whether the far end answers OPTIONS, told from what the pods see of each of its hosts. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { MergedTarget } from './merge-targets.ts';
import type { PodView } from './pod-view.ts';
import { namesOf } from './programmed.ts';

export type Reachable = ConditionOutcome<ReasonOf<'PbxTrunk', 'Reachable'>>;

export interface ReachableFacts {
  readonly targets: readonly MergedTarget[];
  readonly pods: readonly PodView[];
  readonly isProgrammed: boolean;
  /** `spec.options.periodSeconds` is above 0. */
  readonly isProbed: boolean;
  /** Teams: any answer but 200 says that it does not know us. A PBX answers 404 or 405 and takes calls. */
  readonly mustTake: boolean;
}

export function reachable({ targets, pods, isProgrammed, isProbed, mustTake }: ReachableFacts): Reachable {
  if (!isProbed) return open('OptionsDisabled', 'no OPTIONS are sent: spec.options.periodSeconds is 0');
  const ready = pods.filter(({ isReady }) => isReady);
  const silent = ready.filter(({ answers }) => !answers);
  if (ready.length > 0 && silent.length === ready.length)
    return open('PodsSilent', `no word from ${namesOf(silent)}: ${silent[0]?.failure ?? 'not asked yet'}`);
  if (targets.every(({ state }) => state === 'Unknown'))
    return isProgrammed
      ? open('Pending', 'OPTIONS are on their way')
      : open('NotProgrammed', 'no pod runs the trunk yet');
  const isRefusing = ({ refusedFrom }: MergedTarget) => mustTake && refusedFrom.length > 0;
  const faulty = targets.filter((target) => target.downFrom.length > 0 || isRefusing(target));
  const isUp = targets.some(({ state, isTaking }) => (mustTake ? isTaking : state === 'Up'));
  if (isUp && faulty.length === 0)
    return { status: 'True', reason: 'Reachable', message: 'Every host answers OPTIONS' };
  if (isUp) return { status: 'True', reason: 'PartlyReachable', message: faulty.map(faultOf).join('; ') };
  const reason = faulty.some(isRefusing) ? 'Refused' : reasonOf(faulty);
  return { status: 'False', reason, message: faulty.map(faultOf).join('; ') };
}

function reasonOf(down: readonly MergedTarget[]): 'Held' | 'TlsFailed' | 'Refused' | 'NoAnswer' {
  if (down.every(({ heldUntil }) => heldUntil !== undefined)) return 'Held';
  if (down.some(({ tls }) => tls?.state === 'Failed')) return 'TlsFailed';
  if (down.every(({ lastFailure, lastStatus }) => lastFailure === undefined && lastStatus !== undefined))
    return 'Refused';
  return 'NoAnswer';
}

function faultOf(target: MergedTarget): string {
  const { host, port, downFrom, refusedFrom } = target;
  const pods = downFrom.length > 0 ? downFrom : refusedFrom;
  const name = port === undefined ? host : `${host}:${String(port)}`;
  return `${name}: ${whyOf(target)} (from ${namesOf(pods.map((pod) => ({ name: pod })))})`;
}

function whyOf({ heldUntil, tls, lastFailure, lastStatus }: MergedTarget): string {
  if (heldUntil !== undefined) return 'asked to be left alone for a while (503 with Retry-After)';
  if (tls?.state === 'Failed') return `TLS failed: ${tls.failure ?? lastFailure ?? 'no reason known'}`;
  if (lastFailure !== undefined) return lastFailure;
  return lastStatus === undefined ? 'no answer' : `answered ${String(lastStatus)}`;
}

function open(reason: Reachable['reason'], message: string): Reachable {
  return { status: 'Unknown', reason, message };
}
