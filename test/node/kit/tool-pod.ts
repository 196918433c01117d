/** Pods of the image pod-tools, for tests that need some pod: not root, nothing to write on, under the profile `restricted`. */
import { POD_IMAGE } from './node-files.ts';

export interface ToolContainer {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly [field: string]: unknown;
}

/** @param args A command of test/cluster/build/pod-tools/main.go, such as `serve 8080` */
export function toolContainer(name: string, ...args: readonly string[]): ToolContainer {
  return {
    name,
    image: POD_IMAGE,
    args,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

export interface ToolPod {
  readonly name: string;
  readonly containers: readonly ToolContainer[];
  readonly initContainers?: readonly ToolContainer[];
  readonly hostNetwork?: boolean;
  /** Default: the scheduler says where. */
  readonly node?: string;
}

/** Labelled `app: <name>`. */
export function toolPod({ name, containers, initContainers = [], hostNetwork = false, node }: ToolPod) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      ...{ containers, initContainers, hostNetwork },
      ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      terminationGracePeriodSeconds: 2,
    },
  };
}

/** Of the pods labelled `app: <name>`. */
export function toolService(name: string, port: number, targetPort: number) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: name }, ports: [{ port, targetPort }] },
  };
}
