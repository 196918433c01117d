/** The public address of every pod, by ordinal: what goes into SDP, into status, and into DNS. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import { loadBalancerServiceName } from '../objects/names.ts';

export type AddressSource = 'Spec' | 'LoadBalancer' | 'NodeExternalIP' | 'NodeInternalIP' | 'PodIP';

export interface PodAddress {
  readonly address: string;
  readonly source: AddressSource;
}

export interface PodFacts {
  readonly ordinal: number;
  /** Absent until it is scheduled. */
  readonly nodeName?: string | undefined;
  /** `status.podIP`; absent until the kubelet has started it. */
  readonly podIP?: string | undefined;
}

export interface NodeFacts {
  readonly name: string;
  /** `status.addresses`. */
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
}

export interface ServiceFacts {
  readonly name: string;
  /** `status.loadBalancer.ingress`. */
  readonly ingress: readonly { readonly ip?: string | undefined; readonly hostname?: string | undefined }[];
}

export interface AddressFacts {
  readonly instance: SbcInstance;
  readonly pods: readonly PodFacts[];
  readonly nodes: readonly NodeFacts[];
  /** Those of LoadBalancerPerPod. */
  readonly services: readonly ServiceFacts[];
  /** What was found last time: kept while a pod is away for a moment. */
  readonly previous?: ReadonlyMap<number, PodAddress> | undefined;
}

export interface AddressPlan {
  /** By ordinal, below `replicas`. */
  readonly addresses: ReadonlyMap<number, PodAddress>;
  /** Those that a pod cannot see on itself, for the document. Its own IP it knows, and that changes with every restart. */
  readonly advertised: ReadonlyMap<number, PodAddress>;
  readonly missing: readonly MissingAddress[];
  /** Addresses that were found and deserve a second look. */
  readonly notes: readonly OrdinalMessage[];
}

export interface OrdinalMessage {
  readonly ordinal: number;
  /** With its remedy; no full stop. */
  readonly message: string;
}

export interface MissingAddress extends OrdinalMessage {
  /** It comes by itself, as a rule: the pod or its load balancer starts. */
  readonly away: boolean;
}

type Found =
  | { readonly kind: 'found'; readonly address: PodAddress; readonly note?: string }
  /** `away`: what is missing may be back in a moment, so the previous address stays. */
  | { readonly kind: 'missing'; readonly message: string; readonly away: boolean };

export function planAddresses(facts: AddressFacts): AddressPlan {
  const addresses = new Map<number, PodAddress>();
  const missing: MissingAddress[] = [];
  const notes: OrdinalMessage[] = [];
  for (let ordinal = 0; ordinal < facts.instance.spec.replicas; ordinal++) {
    const found = addressOf(facts, ordinal);
    const kept = found.kind === 'missing' && found.away ? previousOf(facts, ordinal) : undefined;
    if (found.kind === 'found') addresses.set(ordinal, found.address);
    else if (kept !== undefined) addresses.set(ordinal, kept);
    else missing.push({ ordinal, message: found.message, away: found.away });
    if (found.kind === 'found' && found.note !== undefined) notes.push({ ordinal, message: found.note });
  }
  const advertised = new Map(
    [...addresses].filter(([, { source }]) => source !== 'NodeInternalIP' && source !== 'PodIP'),
  );
  return { addresses, advertised, missing, notes };
}

/** Of another mode it means nothing any more. */
const sourcesOf: Readonly<Record<SbcInstance['spec']['network']['mode'], readonly AddressSource[]>> = {
  HostNetwork: ['NodeExternalIP', 'NodeInternalIP'],
  LoadBalancerPerPod: ['LoadBalancer'],
  ClusterPod: ['PodIP'],
};

function previousOf({ instance, previous }: AddressFacts, ordinal: number): PodAddress | undefined {
  const address = previous?.get(ordinal);
  return address !== undefined && sourcesOf[instance.spec.network.mode].includes(address.source) ? address : undefined;
}

function addressOf(facts: AddressFacts, ordinal: number): Found {
  const { addresses, mode } = facts.instance.spec.network;
  const written = addresses[ordinal];
  if (written !== undefined) return found(written.address, 'Spec');
  if (mode === 'LoadBalancerPerPod') return loadBalancerAddress(facts, ordinal);
  const pod = facts.pods.find((each) => each.ordinal === ordinal);
  if (mode === 'ClusterPod') {
    if (pod?.podIP !== undefined) return found(pod.podIP, 'PodIP');
    return missing(`pod ${podName(facts, ordinal)} has no address yet, it gets one as soon as it runs`, true);
  }
  return nodeAddress(facts, ordinal, pod);
}

function loadBalancerAddress({ instance, services }: AddressFacts, ordinal: number): Found {
  const { listeners, network } = instance.spec;
  if (listeners.every(({ transport }) => transport === 'UDP'))
    return missing(
      `network.mode ${network.mode} carries TCP and TLS alone and the instance listens on UDP alone: ${writeAddress(ordinal)}, or choose HostNetwork`,
      false,
    );
  const name = loadBalancerServiceName(instance, ordinal);
  const ingress = services.find((service) => service.name === name)?.ingress ?? [];
  const address = firstOf(ingress.flatMap(({ ip }) => (ip === undefined ? [] : [ip])));
  if (address !== undefined) return found(address, 'LoadBalancer');
  const hostname = ingress.find((entry) => entry.hostname !== undefined)?.hostname;
  if (hostname !== undefined)
    return missing(
      `the load balancer of Service ${name} has the name ${hostname} and no IP address, and a name may change its addresses: give it a fixed address with the annotations of your cloud, and ${writeAddress(ordinal)}`,
      false,
    );
  return missing(
    `the load balancer of Service ${name} has no address yet: if it stays so, the cluster has no load balancer for it (kubectl describe service ${name}), or ${writeAddress(ordinal)}`,
    true,
  );
}

function nodeAddress(facts: AddressFacts, ordinal: number, pod: PodFacts | undefined): Found {
  const name = podName(facts, ordinal);
  if (pod?.nodeName === undefined)
    return missing(
      `pod ${name} is on no node yet: it needs one that no other pod of the instance is on (kubectl describe pod ${name}), or ${writeAddress(ordinal)}`,
      true,
    );
  const node = facts.nodes.find((each) => each.name === pod.nodeName);
  if (node === undefined) return missing(`node ${pod.nodeName} of pod ${name} is not known`, true);
  const of = (type: string) => firstOf(node.addresses.filter((each) => each.type === type).map((each) => each.address));
  const external = of('ExternalIP');
  if (external !== undefined) return found(external, 'NodeExternalIP');
  const internal = of('InternalIP');
  if (internal === undefined)
    return missing(`node ${node.name} of pod ${name} has no address in its status: ${writeAddress(ordinal)}`, false);
  return {
    ...found(internal, 'NodeInternalIP'),
    note: `node ${node.name} has no ExternalIP, so pod ${name} has its InternalIP ${internal}: if Microsoft reaches it under another address, ${writeAddress(ordinal)}`,
  };
}

const podName = ({ instance }: AddressFacts, ordinal: number) => `${instance.metadata.name}-${String(ordinal)}`;

const writeAddress = (ordinal: number) => `write its public address to spec.network.addresses[${String(ordinal)}]`;

/** Microsoft has no IPv6 addresses for Direct Routing. */
function firstOf(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => !address.includes(':')) ?? addresses[0];
}

function found(address: string, source: AddressSource) {
  return { kind: 'found', address: { address, source } } as const;
}

function missing(message: string, away: boolean): Found {
  return { kind: 'missing', message, away };
}
