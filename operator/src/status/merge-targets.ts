/** How the hosts of a trunk are, told by several pods and made one. Pure. */
import type { PeerRefusal, TargetReport } from '@teams-sbc/crds/runtime';
import type { PodView } from './pod-view.ts';

export interface MergedTarget {
  readonly host: string;
  readonly port: number | undefined;
  /** `Up` where it answers one pod; `Down` where it answers none. */
  readonly state: 'Up' | 'Down' | 'Unknown';
  /** Of the pod that has the worst to tell, as all below. */
  readonly lastStatus: number | undefined;
  readonly lastFailure: string | undefined;
  readonly heldUntil: string | undefined;
  readonly tls: TargetReport['tls'];
  /** The pods that find it down. */
  readonly downFrom: readonly string[];
  /** The pods whose OPTIONS it answers with a refusal. */
  readonly refusedFrom: readonly string[];
  /** It takes the OPTIONS of one pod. */
  readonly isTaking: boolean;
}

interface Told {
  readonly pod: string;
  readonly target: TargetReport;
}

/** In the order of `targets`. */
export function mergeTargets(
  trunk: string,
  targets: readonly { readonly host: string; readonly port?: number | undefined }[],
  pods: readonly PodView[],
): readonly MergedTarget[] {
  return targets.map(({ host, port }) => {
    const told = pods.flatMap((pod): Told[] => {
      const found = pod.trunks
        .get(trunk)
        ?.targets.find((target) => target.host === host && (port === undefined || target.port === port));
      return found === undefined || !pod.isReady || !pod.answers ? [] : [{ pod: pod.name, target: found }];
    });
    return mergeTarget(host, port, told);
  });
}

function mergeTarget(host: string, port: number | undefined, told: readonly Told[]): MergedTarget {
  const down = told.filter(({ target }) => target.state === 'Down');
  const up = told.filter(({ target }) => target.state === 'Up');
  const refused = up.filter(({ target }) => isRefusal(target));
  const speaker = (down[0] ?? refused[0] ?? up[0] ?? told[0])?.target;
  return {
    host,
    port,
    state: up.length > 0 ? 'Up' : down.length > 0 ? 'Down' : 'Unknown',
    lastStatus: speaker?.lastStatus,
    lastFailure: speaker?.lastFailure,
    heldUntil: speaker?.heldUntil,
    tls: speaker?.tls,
    downFrom: down.map(({ pod }) => pod),
    refusedFrom: refused.map(({ pod }) => pod),
    isTaking: up.length > refused.length,
  };
}

const isRefusal = ({ lastStatus }: TargetReport) => lastStatus !== undefined && lastStatus >= 400;

/** The newest refusal that a pod tells of. */
export function newestRefusal(
  trunk: string,
  pods: readonly PodView[],
): (PeerRefusal & { readonly pod: string }) | undefined {
  let newest: (PeerRefusal & { readonly pod: string }) | undefined;
  for (const pod of pods) {
    const refusal = pod.trunks.get(trunk)?.lastRefusal;
    if (refusal !== undefined && (newest === undefined || refusal.at > newest.at))
      newest = { ...refusal, pod: pod.name };
  }
  return newest;
}

/** Teams: it sends OPTIONS once a minute to a gateway that it holds for alive; nothing for so long means that it does not. */
const SILENCE_MS = 5 * 60_000;

/** Whether the far end sends us OPTIONS; `No` only from a pod that it could have reached: one that it answers. */
export function receivesOptions(trunk: string, pods: readonly PodView[], nowMs: number): 'Yes' | 'No' | 'Unknown' {
  const told = pods.flatMap((pod) => {
    const report = pod.trunks.get(trunk);
    if (report === undefined || !pod.isReady || !pod.answers) return [];
    const at = report.optionsReceivedAt;
    if (at !== undefined && nowMs - Date.parse(at) < SILENCE_MS) return ['Yes' as const];
    const isAnswered = report.targets.some(({ state }) => state === 'Up');
    return [isAnswered ? ('No' as const) : ('Unknown' as const)];
  });
  if (told.includes('No')) return 'No';
  return told.includes('Yes') ? 'Yes' : 'Unknown';
}
