/** The parts of a Pod that the process kubelet understands. */

export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly deletionGracePeriodSeconds?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
  readonly status?: { readonly phase?: string; readonly podIP?: string; readonly conditions?: PodCondition[] };
}

export interface PodCondition {
  readonly type: string;
  readonly status: string;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly serviceAccountName?: string;
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  readonly initContainers?: readonly ContainerSpec[];
  readonly containers: readonly ContainerSpec[];
  readonly volumes?: readonly VolumeSpec[];
  readonly hostAliases?: readonly { readonly ip: string; readonly hostnames?: readonly string[] }[];
}

export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  /** `Always` makes an init container a sidecar. */
  readonly restartPolicy?: 'Always';
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvironmentVariable[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
  readonly startupProbe?: ProbeSpec;
  readonly readinessProbe?: ProbeSpec;
  readonly livenessProbe?: ProbeSpec;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

export interface ProbeSpec {
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly scheme?: 'HTTP' | 'HTTPS' };
  readonly tcpSocket?: { readonly port: number | string };
  readonly exec?: { readonly command: readonly string[] };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

interface KeyedSource {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly optional?: boolean;
}

export interface VolumeSpec {
  readonly name: string;
  readonly emptyDir?: object;
  readonly configMap?: KeyedSource & { readonly name: string; readonly defaultMode?: number };
  readonly secret?: KeyedSource & { readonly secretName: string; readonly defaultMode?: number };
  readonly projected?: { readonly defaultMode?: number; readonly sources: readonly ProjectedSource[] };
  readonly downwardAPI?: { readonly items: readonly DownwardItem[]; readonly defaultMode?: number };
}

export interface ProjectedSource {
  readonly serviceAccountToken?: {
    readonly path: string;
    readonly expirationSeconds?: number;
    readonly audience?: string;
  };
  readonly configMap?: KeyedSource & { readonly name: string };
  readonly secret?: KeyedSource & { readonly name: string };
  readonly downwardAPI?: { readonly items: readonly DownwardItem[] };
}

export interface DownwardItem {
  readonly path: string;
  readonly fieldRef?: { readonly fieldPath: string };
}

/** What only the kubelet knows of a pod. */
export interface PodPlace {
  readonly podIP: string;
  readonly hostIP: string;
  readonly nodeName: string;
}

/** The downward API; an unknown path is empty. */
export function fieldOf(pod: PodObject, place: PodPlace, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '';
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': place.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': place.podIP,
    'status.hostIP': place.hostIP,
  };
  return fields[path] ?? '';
}
