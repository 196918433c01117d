/** Which children of an instance have no reason to be there any more. Pure. */
import type { KubeObject } from '../kube/kube-object.ts';

export interface SuperfluousFacts {
  /** Of the SbcInstance. */
  readonly ownerUid: string;
  /** `planChildren(…)`. */
  readonly wanted: readonly KubeObject[];
  /** Objects of those kinds that are there; those of other owners are left alone. */
  readonly present: readonly KubeObject[];
  /** Names of the instance's pods that are there, those that drain included. */
  readonly pods: ReadonlySet<string>;
}

/** Kinds of which an instance has now some and now none. */
export const prunedKinds = ['Service', 'Certificate', 'NetworkPolicy', 'ServiceMonitor'] as const;

/** A load balancer stays as long as its pod: calls end over it. */
export function superfluousChildren({ ownerUid, wanted, present, pods }: SuperfluousFacts): readonly KubeObject[] {
  const names = new Set(wanted.map(nameOf));
  return present.filter(
    (object) =>
      prunedKinds.some((kind) => kind === object.kind) &&
      object.metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === ownerUid) ===
        true &&
      object.metadata.deletionTimestamp === undefined &&
      !names.has(nameOf(object)) &&
      !(object.kind === 'Service' && pods.has(object.metadata.name)),
  );
}

const nameOf = ({ kind, metadata }: KubeObject) => `${kind}/${metadata.name}`;
