/** What the children of an instance are called. No two of one kind share a name, whatever other instances there are. Pure. */

interface Named {
  readonly metadata: { readonly name: string };
}

const suffixed =
  (suffix: string) =>
  ({ metadata }: Named): string =>
    `${metadata.name}${suffix}`;

/** Of the StatefulSet, the PodDisruptionBudget, the NetworkPolicy and the ServiceMonitor. */
export const instanceName = suffixed('');
export const podsServiceName = suffixed('-pods');
/** Of ServiceAccount, Role and RoleBinding. */
export const runtimeAccountName = suffixed('-runtime');
/** Of the Certificate; its Secret too, which `certificateSecret` of the compiler names. */
export const certificateName = suffixed('-tls');
export const statusSecretName = suffixed('-status');
export const routingIndexName = suffixed('-routing');
export const routingCopyName = suffixed('-routing-copy');

/** As its pod: a Service of its own for each. */
export function loadBalancerServiceName({ metadata }: Named, ordinal: number): string {
  return `${metadata.name}-${String(ordinal)}`;
}
