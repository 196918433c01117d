/** What the controllers see of the cluster: one store for each resource, filled by its reflector. */
import type { KubeObject } from '../kube/kube-object.ts';
import type { Store } from '../watch/store.ts';

export interface Stores {
  readonly sbcInstances: Store;
  readonly teamsTrunks: Store;
  readonly pbxTrunks: Store;
  readonly callRoutes: Store;
  readonly numberPolicies: Store;
  readonly nodes: Store;
  readonly pods: Store;
  /** Children of instances by their kind, ConfigMaps included; kinds that the API server does not serve are empty. */
  readonly children: ReadonlyMap<string, Store>;
}

/** Members by the instance that they name, `namespace/name`. */
export const bySbcRef = 'sbcRef';
/** Children and pods by the instance of their label, `namespace/name`. */
export const byInstance = 'instance';

const instanceLabel = 'teams-sbc.dev/instance';

export function sbcRefOf(object: KubeObject): string | undefined {
  const name = (object.spec as { readonly sbcRef?: { readonly name?: unknown } } | undefined)?.sbcRef?.name;
  return typeof name === 'string' ? `${object.metadata.namespace ?? ''}/${name}` : undefined;
}

export function instanceOf(object: KubeObject): string | undefined {
  const name = object.metadata.labels?.[instanceLabel];
  return name === undefined ? undefined : `${object.metadata.namespace ?? ''}/${name}`;
}

/** Of every reflector whose resource belongs to an instance: nothing else of the cluster is read. */
export const childSelector = 'app.kubernetes.io/managed-by=teams-sbc-operator';
