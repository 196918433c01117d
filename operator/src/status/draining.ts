/** What the condition `Draining` says: which pods that are to stop still have calls, and when those are hung up. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { GoingPod, PodView } from './pod-view.ts';

export type DrainingOutcome = ConditionOutcome<ReasonOf<'SbcInstance', 'Draining'>>;

/** The kubelet kills a pod when its grace ends; one that outlives that by so much has a node that is gone. */
export const OVERDUE_MS = 60_000;

/** As many pods as an instance has, and some: a message has its limit. */
const MOST_PODS = 16;

export function draining(pods: readonly PodView[], nowMs: number): DrainingOutcome {
  const going = pods.flatMap(({ name, going: found }) => (found === undefined ? [] : [{ name, going: found }]));
  const overdue = going.filter(({ going: { killedAtMs } }) => nowMs - killedAtMs > OVERDUE_MS);
  if (overdue.length > 0) {
    const message = told(overdue, ({ name, going: { killedAtMs, nodeName } }) =>
      overdueText(name, killedAtMs, nodeName),
    );
    return { status: 'True', reason: 'PodsOverdue', message };
  }
  const waited = going.filter(({ going: pod }) => isWaitedFor(pod));
  const unheard = going.filter(({ going: pod }) => isUnheard(pod));
  if (waited.length === 0 && unheard.length > 0)
    return { status: 'Unknown', reason: 'Pending', message: told(unheard, ({ name }) => `${name} was not asked yet`) };
  if (waited.length === 0)
    return { status: 'False', reason: 'NotDraining', message: 'No pod that is to stop has calls' };
  return {
    status: 'True',
    reason: 'PodsDraining',
    message: told(waited, ({ name, going: pod }) => callsText(name, pod)),
  };
}

interface Named {
  readonly name: string;
  readonly going: GoingPod;
}

/** One that was not heard since it drains may have calls, whatever it said before. */
function isWaitedFor({ isRunning, calls, isHeard, failure }: GoingPod): boolean {
  if (!isRunning) return false;
  return isHeard ? calls !== undefined && calls > 0 : calls !== undefined || failure !== undefined;
}

/** It was not asked yet: an operator that has just begun knows of no calls, and must not say that there are none. */
const isUnheard = ({ isRunning, calls, failure }: GoingPod) =>
  isRunning && calls === undefined && failure === undefined;

function callsText(name: string, pod: GoingPod): string {
  const { isHeard, failure, isStranger, endsAtMs, killedAtMs } = pod;
  const until = `hung up at ${time(Math.min(endsAtMs ?? Infinity, killedAtMs))} at the latest`;
  const text = `${name} ${isHeard ? heardText(pod) : unheardText(pod)}, ${until}`;
  if (failure === undefined) return text;
  return `${text}; it does not answer now: ${failure}${isStranger === true ? `; ${waysOut(name)}` : ''}`;
}

const heardText = ({ calls, failure }: GoingPod) =>
  failure === undefined ? `has ${counted(calls)} left` : `had ${counted(calls)}`;

const unheardText = ({ calls }: GoingPod) =>
  calls === undefined ? 'may have calls' : `may have calls (before it was to stop it had ${counted(calls)})`;

const counted = (calls: number | undefined) => (calls === 1 ? '1 call' : `${String(calls)} calls`);

/** Of a pod that takes no order of ours, as it knows neither certificate nor token. */
export const waysOut = (name: string) =>
  `to end its calls earlier lower spec.drain.timeoutSeconds, or: kubectl exec ${name} -- node -e 'process.kill(1)'`;

function overdueText(name: string, killedAtMs: number, nodeName: string | undefined): string {
  return `${name} should have ended at ${time(killedAtMs)} and is still there: look at node ${nodeName ?? '(none)'} (kubectl get node)`;
}

function told(pods: readonly Named[], text: (pod: Named) => string): string {
  const texts = pods.slice(0, MOST_PODS).map(text);
  if (pods.length > MOST_PODS) texts.push(`and ${String(pods.length - MOST_PODS)} more`);
  return texts.join('; ');
}

/** RFC 3339 to the second. */
const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
