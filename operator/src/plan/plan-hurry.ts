/** Which pods that are to stop are asked to end their calls now: because a person says so, or because they are killed in a moment. Pure. */

import { OVERDUE_MS } from '../status/draining.ts';

/** On a pod. */
export const endCallsAnnotation = 'teams-sbc.dev/end-calls';

export interface HurryPod {
  readonly name: string;
  /** Value of `endCallsAnnotation`. */
  readonly wish: string | undefined;
  /** Wall-clock milliseconds: when Kubernetes kills it. Undefined: it is not to stop. */
  readonly killedAtMs: number | undefined;
  /** Undefined: it did not say. */
  readonly calls: number | undefined;
  /** Wall-clock milliseconds: when it was last asked to end them. */
  readonly askedMs: number | undefined;
}

export interface HurryPlan {
  readonly ask: readonly { readonly name: string; readonly why: string }[];
  /** Wishes that come to nothing, and why. */
  readonly ignored: readonly { readonly name: string; readonly message: string }[];
  /** When to look again; undefined: no pod wants it. */
  readonly againInMs: number | undefined;
}

/** Long enough before it is killed that a BYE and its answer get through, also where the first is lost. */
const BEFORE_KILL_MS = 15_000;
const ASK_AGAIN_MS = 5000;

export function planHurry(pods: readonly HurryPod[], nowMs: number): HurryPlan {
  const reasons = pods.map((pod) => ({ pod, why: reasonOf(pod, nowMs) }));
  const ignored = pods.flatMap((pod) => {
    const message = complaintAbout(pod);
    return message === undefined ? [] : [{ name: pod.name, message }];
  });
  return {
    ask: reasons.flatMap(({ pod, why }) =>
      why !== undefined && nowMs - (pod.askedMs ?? -Infinity) >= ASK_AGAIN_MS ? [{ name: pod.name, why }] : [],
    ),
    ignored,
    againInMs: earliest(reasons.map(({ pod, why }) => (why === undefined ? untilHurry(pod, nowMs) : ASK_AGAIN_MS))),
  };
}

function reasonOf({ wish, killedAtMs, calls }: HurryPod, nowMs: number): string | undefined {
  if (killedAtMs === undefined || calls === 0 || nowMs - killedAtMs > OVERDUE_MS) return undefined;
  if (wish === 'now') return `its annotation ${endCallsAnnotation} says so`;
  // A grace period shorter than the drain: of `kubectl drain --grace-period`, of an autoscaler, of a machine that is taken away.
  return killedAtMs - nowMs <= BEFORE_KILL_MS ? 'its grace period ends in a moment' : undefined;
}

function complaintAbout({ wish, killedAtMs }: HurryPod): string | undefined {
  if (wish === undefined) return undefined;
  if (wish !== 'now') return `The annotation ${endCallsAnnotation} says nothing that is known: write now, or remove it`;
  if (killedAtMs !== undefined) return undefined;
  return `The annotation ${endCallsAnnotation} ends no call, for this pod is not to stop: delete the pod, then its calls end at once, or remove the annotation`;
}

function untilHurry({ killedAtMs, calls }: HurryPod, nowMs: number): number | undefined {
  if (killedAtMs === undefined || calls === 0 || killedAtMs < nowMs) return undefined;
  return killedAtMs - BEFORE_KILL_MS - nowMs;
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
