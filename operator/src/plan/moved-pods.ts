/**
 * Pods on the network of a node that has another address now. What they listen on is gone, and so are their calls: waiting
 * for those would keep a pod for hours that serves nobody. Pure.
 */
import type { SbcInstance } from '@teams-sbc/crds';
import type { NodeFacts } from './plan-addresses.ts';

export interface PlacedPod {
  readonly name: string;
  readonly uid: string;
  readonly nodeName: string | undefined;
  /** `spec.hostNetwork`. */
  readonly isOnHostNetwork: boolean;
  /** `status.podIP`. */
  readonly address: string | undefined;
  /** Where it was first seen ready: what its processes were started with. Undefined: it was not yet, as far as is known. */
  readonly servedAt: string | undefined;
  /** Wall-clock milliseconds: when Kubernetes kills it. Undefined: it is not to stop. */
  readonly killedAtMs: number | undefined;
}

export interface MovedPod {
  readonly name: string;
  readonly uid: string;
  readonly message: string;
}

/** Time for the processes to end; nobody hears a BYE. */
export const movedGraceSeconds = 5;

export function movedPods(
  mode: SbcInstance['spec']['network']['mode'],
  pods: readonly PlacedPod[],
  { nodes, nowMs }: { readonly nodes: readonly NodeFacts[]; readonly nowMs: number },
): readonly MovedPod[] {
  if (mode !== 'HostNetwork') return [];
  return pods.flatMap((pod): MovedPod[] => {
    const node = nodes.find(({ name }) => name === pod.nodeName);
    const former = node === undefined || !pod.isOnHostNetwork ? undefined : formerAddress(pod, node);
    const isGoneSoon = pod.killedAtMs !== undefined && pod.killedAtMs - nowMs <= 2 * movedGraceSeconds * 1000;
    if (node === undefined || former === undefined || isGoneSoon) return [];
    const now = hostAddresses(node).join(', ');
    const message = `Pod ${pod.name} is replaced at once: it listens on ${former}, and its node ${node.name} has ${now} now, so that nobody reaches it; its calls are lost`;
    return [{ name: pod.name, uid: pod.uid, message }];
  });
}

/** The address that it listens on, where that is none of its node any more. */
function formerAddress({ address, servedAt }: PlacedPod, node: NodeFacts): string | undefined {
  if (address === undefined) return undefined;
  const addresses = hostAddresses(node).filter((each) => isIPv6(each) === isIPv6(address));
  // A node that says none of this family has not said it yet, or gets it back: no call is ended for that.
  if (addresses.length === 0) return undefined;
  if (!addresses.includes(address)) return address;
  // The kubelet writes the new address into the status of a pod whose processes were started with the old one, at first still as
  // ready; and where it restarts the runtime, that one is ready beside an RTPEngine that still has the old address.
  return servedAt === undefined || addresses.includes(servedAt) ? undefined : servedAt;
}

const isIPv6 = (address: string) => address.includes(':');

const hostAddresses = ({ addresses }: NodeFacts) =>
  addresses.filter(({ type }) => type === 'InternalIP' || type === 'ExternalIP').map(({ address }) => address);
