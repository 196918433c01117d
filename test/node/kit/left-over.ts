/** All objects of a cluster by their names: what an installation and its removal leave. */
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';

/** They come and go by themselves. */
const PASSING = new Set([
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'endpointslices.discovery.k8s.io',
  'endpoints',
]);
const LINES = '{range .items[*]}{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';

/** Sorted: `secrets voice/sbc-tls`, `namespaces /voice`. */
export async function namesOfAll(cluster: ControlPlane): Promise<string[]> {
  const kinds = (await cluster.kubectl('api-resources', '--verbs=list', '--output=name')).trim().split('\n');
  const lists = kinds
    .filter((kind) => !PASSING.has(kind))
    .map(async (kind) => {
      const lines = await cluster.kubectl('get', kind, '--all-namespaces', '--output', `jsonpath=${LINES}`);
      return lines.split('\n').flatMap((line) => (line === '' ? [] : [`${kind} ${line}`]));
    });
  return (await Promise.all(lists)).flat().toSorted();
}

export function leftOver(before: readonly string[], now: readonly string[]): string[] {
  const known = new Set(before);
  // What a node's programs do to the cluster's own pods is not an installation's doing.
  return now.filter((name) => !known.has(name) && !/ kube-system\/| kube-node-lease\//.test(name));
}
