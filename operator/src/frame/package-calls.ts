/** Objects for the calls of @dot-i/k8s-operator that SbcOperator replaces: what is applied, and by which field manager. */
import type { ResourceEvent, ResourceMeta } from '@dot-i/k8s-operator';
import { ResourceEventType } from '@dot-i/k8s-operator';
import type { ApplyOptions } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';

interface Call {
  readonly object: KubeObject;
  readonly options: ApplyOptions;
}

export function statusOf(meta: ResourceMeta, status: unknown): Call {
  const options = { fieldManager: 'teams-sbc-operator-status', subresource: 'status' } as const;
  return { object: { ...headOf(meta), status }, options };
}

export function finalizersOf(meta: ResourceMeta, finalizers: readonly string[]): Call {
  const { apiVersion, kind, metadata } = headOf(meta);
  const object = { apiVersion, kind, metadata: { ...metadata, finalizers } };
  return { object, options: { fieldManager: 'teams-sbc-operator-finalizers', force: false } };
}

export function isMissingFinalizer({ type, object }: ResourceEvent, finalizer: string): boolean {
  if (type === ResourceEventType.Deleted || object.metadata?.deletionTimestamp !== undefined) return false;
  return object.metadata?.finalizers?.includes(finalizer) !== true;
}

/** The kind that the operator knows under a plural; of a stranger's resource, the objects tell theirs. */
export function kindOf(group: string, plural: string): string {
  return Object.values(resources).find((known) => known.group === group && known.plural === plural)?.kind ?? '';
}

function headOf({ apiVersion, kind, namespace, name }: ResourceMeta): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}
