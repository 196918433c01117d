/**
 * What the trunks in force need of Secrets and ConfigMaps: whether one can go on as it was while its manifest of today names
 * what cannot be used. A runtime keeps what a Secret held last, and a pod that starts anew has nothing of it. Pure.
 */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { GoesOn } from '../compile/former-entries.ts';
import { memberName } from '../observe/gather-members.ts';
import type { Known, Reference, ReferenceFault } from '../references/resolve-references.ts';
import { caBundleReference, loginReference, referenceFault } from '../references/resolve-references.ts';
import type { PodView } from '../status/pod-view.ts';
import type { GoodDocument } from './instance-memory.ts';

type References = ReadonlyMap<string, readonly Reference[]>;

/** By `Kind/name`, of each trunk in force. */
export function formerReferences(good: Pick<GoodDocument, 'state'> | undefined, namespace: string): References {
  const { trunks = [], trustBundles = [] } = good?.state ?? {};
  const sources = new Map(trustBundles.map(({ name, source }) => [name, source]));
  const ofTrunk = (trunk: RoutingState['trunks'][number]): readonly Reference[] => {
    const source = trunk.tls && sources.get(trunk.tls.trustBundle);
    const login = trunk.kind === 'PbxTrunk' ? trunk.auth?.secret : undefined;
    return [
      ...(source !== undefined && 'kind' in source ? [caBundleReference(source, namespace)] : []),
      ...(login === undefined ? [] : [loginReference(login, namespace)]),
    ];
  };
  return new Map(trunks.map((trunk) => [memberName(trunk.kind, trunk.name), ofTrunk(trunk)]));
}

export interface FormerFacts {
  readonly faults: ReadonlyMap<string, ReferenceFault>;
  readonly former: References;
  readonly known: Known;
  readonly pods: readonly PodView[];
  /** Hash of the document in force. */
  readonly hash: string | undefined;
}

/** Of the trunks that cannot be served as they are written: those that can as they are in force. */
export function goesOn({ faults, former, known, pods, hash }: FormerFacts): GoesOn {
  const isHeld = areHeld(pods, hash);
  const found = new Map<string, string>();
  for (const member of faults.keys()) {
    const references = former.get(member);
    if (references === undefined) continue;
    const lost = references.filter((reference) => referenceFault([reference], known) !== undefined);
    if (lost.length === 0) found.set(member, '');
    else if (isHeld) found.set(member, lostText(lost));
  }
  return found;
}

/** One missing Secret must not keep a pod, and with it all other trunks, from starting: it says that it has no document. */
function areHeld(pods: readonly PodView[], hash: string | undefined): boolean {
  const staying = pods.filter(({ isTerminating }) => !isTerminating);
  const lacks = ({ answers, hash: runs, refusal }: PodView) =>
    answers && (runs === undefined || (refusal?.hash !== undefined && refusal.hash === hash));
  return staying.length > 0 && !staying.some(lacks);
}

function lostText(lost: readonly Reference[]): string {
  const names = [...new Set(lost.map(({ place }) => `${place.kind}/${place.name}`))].join(' and ');
  return `the pods have what ${names} held last, a pod that starts anew has not: then it is left out`;
}
