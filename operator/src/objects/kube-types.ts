/** The Kubernetes objects that we plan, as plain values: the client's types without its classes. */
import type {
  V1ConfigMap,
  V1Container,
  V1EnvVar,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Volume,
} from '@kubernetes/client-node';

/** The same shape; an object literal is one. */
export type Plain<T> = T extends Date ? T : T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

export type ConfigMap = Plain<V1ConfigMap>;
export type Container = Plain<V1Container>;
export type EnvVar = Plain<V1EnvVar>;
export type PodSpec = Plain<V1PodSpec>;
export type PodTemplate = Plain<V1PodTemplateSpec>;
export type Volume = Plain<V1Volume>;
export type VolumeMount = NonNullable<Container['volumeMounts']>[number];
export type HostAlias = NonNullable<PodSpec['hostAliases']>[number];
export type Probe = NonNullable<Container['readinessProbe']>;
export type KeyToPath = NonNullable<NonNullable<Volume['secret']>['items']>[number];
