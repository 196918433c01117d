/**
 * Objects of others under the name of a child. The operator has rights that the author of an SbcInstance may lack: it must
 * not overwrite, adopt or give to pods what happens to be called `<instance>-runtime`. Pure.
 */
import { Obstacle } from '../kube/api-error.ts';
import type { KubeObject, ObjectMeta } from '../kube/kube-object.ts';

/** It is left as it is; the message says whose it is, and what to do. */
export class ForeignObject extends Obstacle {
  override readonly name = 'ForeignObject';
}

type Ownership = Pick<ObjectMeta, 'labels' | 'ownerReferences'>;

/** What the children of an instance are known by where their owner was taken away (`kubectl delete --cascade=orphan`). */
const identity = ['app.kubernetes.io/managed-by', 'teams-sbc.dev/instance'] as const;

/** @param found what stands under the name of the child; undefined: nothing */
export function refuseForeign(child: KubeObject, found: Ownership | undefined): void {
  if (found === undefined || isOurs(child.metadata, found)) return;
  const owner = controllerOf(found);
  const whose = owner === undefined ? 'it is not ours' : `it belongs to ${owner.kind}/${owner.name}`;
  const { kind, metadata } = child;
  throw new ForeignObject(
    `Cannot write ${kind} ${metadata.name}: there is one already, and ${whose}; remove it, or name the SbcInstance otherwise`,
  );
}

function isOurs(child: Ownership, found: Ownership): boolean {
  const owner = controllerOf(found);
  if (owner !== undefined) return owner.uid === controllerOf(child)?.uid;
  return identity.every(
    (label) => found.labels?.[label] !== undefined && found.labels[label] === child.labels?.[label],
  );
}

const controllerOf = ({ ownerReferences }: Ownership) => ownerReferences?.find(({ controller }) => controller === true);
