/** The event vocabulary of @dot-i/k8s-operator, for what a store tells the controllers. */
import { ResourceEventType, ResourceMetaImpl } from '@dot-i/k8s-operator';
import type { ResourceEvent } from '@dot-i/k8s-operator';
import type { KubeObject } from '../kube/kube-object.ts';
import type { Resource } from '../kube/resource.ts';
import type { StoreChange } from '../watch/store.ts';
import type { Key } from './controller.ts';

/** A `ResourceEvent` with the object as it was before: a reference that moved has two ends. */
export interface OperatorEvent extends Omit<ResourceEvent, 'object'> {
  /** Of a deletion: as it was last. Deep-frozen. */
  readonly object: KubeObject;
  /** undefined where it was added. */
  readonly before: KubeObject | undefined;
}

/** Which keys of a controller an event concerns. */
export type KeysOf = (event: OperatorEvent) => Iterable<Key>;

export function operatorEvent(resource: Resource, { before, after }: StoreChange): OperatorEvent {
  const object = after ?? before;
  if (object === undefined) throw new Error('Cannot tell a change: there is neither a before nor an after');
  return { type: typeOf(before, after), object, before, meta: metaOf(resource, object) };
}

function metaOf({ plural }: Resource, object: KubeObject) {
  // client-node's type has Dates for times; on the wire, and here, they are texts.
  return ResourceMetaImpl.createWithPlural(plural, object as unknown as ResourceEvent['object']);
}

function typeOf(before: KubeObject | undefined, after: KubeObject | undefined): ResourceEventType {
  if (after === undefined) return ResourceEventType.Deleted;
  return before === undefined ? ResourceEventType.Added : ResourceEventType.Modified;
}

/** The object's own key. */
export const keyOfObject: KeysOf = ({ meta }) => [{ namespace: meta.namespace ?? '', name: meta.name }];

/** The key of the controller that owns the object, where that is of `kind`. */
export function keyOfOwner(kind: string): KeysOf {
  return ({ object }) => {
    const { namespace = '', ownerReferences = [] } = object.metadata;
    return ownerReferences
      .filter((owner) => owner.controller === true && owner.kind === kind)
      .map(({ name }) => ({ namespace, name }));
  };
}
