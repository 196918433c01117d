/** Where the programs of the test cluster stand: what scripts/build-cluster-binaries.sh built. */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

export type Binary =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'kubelet'
  | 'kubectl'
  | 'helm'
  | 'cert-manager'
  | 'argocd-assess'
  | 'argocd-application-controller'
  | 'argocd-repo-server'
  | 'containerd'
  | 'coredns'
  | 'pod-tools';

export const repository = resolve(import.meta.dirname, '../../..');
/** The link that the build script leaves in this clone; it points into the cache. */
const link = join(repository, 'work', 'cluster-binaries');

/** The directory that holds all of them by name. */
export function binaryDirectory(): string {
  return process.env['TEAMS_SBC_CLUSTER_BINARIES'] ?? (existsSync(link) ? realpathSync(link) : link);
}

/** @throws Error where it was not built */
export function binary(name: Binary): string {
  return builtFile(name);
}

/** cert-manager's CustomResourceDefinitions, as its Go module brings them. */
export function certManagerCrds(): string {
  return builtFile('cert-manager-crds');
}

/** What Argo CD installs beside its programs, as its Go module brings it: `crds/`, and its settings in `config/`. */
export function argocdManifests(): string {
  return builtFile('argocd-manifests');
}

function builtFile(name: string): string {
  const path = join(binaryDirectory(), name);
  if (!existsSync(path))
    throw new Error(`Cannot find ${name}: there is no ${path}, build it with 'make cluster-binaries'`);
  return path;
}
