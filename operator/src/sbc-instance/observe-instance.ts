/** Everything that is known of an instance at one moment, from the stores, the pods' answers and what its manifests name. */
import type { SbcInstance } from '@teams-sbc/crds';
import { certificateSecret } from '../compile/certificate-secret.ts';
import type { Key } from '../frame/controller.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { certificateName, instanceName } from '../objects/names.ts';
import { nodeFacts, podFacts, podView, serviceFacts } from '../observe/pod-facts.ts';
import type { Stores } from '../observe/stores.ts';
import { byInstance } from '../observe/stores.ts';
import type { AddressPlan, PodAddress } from '../plan/plan-addresses.ts';
import { planAddresses } from '../plan/plan-addresses.ts';
import type { Known, Reference, ReferenceFault } from '../references/resolve-references.ts';
import { referenceFault, referencesOf } from '../references/resolve-references.ts';
import type { Referenced, ReferencePlace } from '../references/referenced.ts';
import { placeText } from '../references/referenced.ts';
import type { PodAnswer } from '../report/polled-pod.ts';
import type { PodView } from '../status/pod-view.ts';
import type { Members } from '../observe/gather-members.ts';
import { memberName } from '../observe/gather-members.ts';

export interface ObservedPods {
  /** By ordinal; those of other ordinals drain. */
  readonly pods: readonly KubeObject[];
  readonly views: readonly PodView[];
  readonly addresses: AddressPlan;
}

export function observePods(
  instance: SbcInstance,
  key: Key,
  from: {
    readonly stores: Stores;
    readonly answers: ReadonlyMap<string, PodAnswer>;
    readonly previous: ReadonlyMap<number, PodAddress> | undefined;
  },
): ObservedPods {
  const { stores, answers, previous } = from;
  const text = `${key.namespace}/${key.name}`;
  const own = new RegExp(`^${key.name}-(0|[1-9]\\d*)$`);
  const pods = stores.pods
    .by(byInstance, text)
    .filter(({ metadata }) => own.test(metadata.name))
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true }));
  const addresses = planAddresses({
    instance,
    pods: pods.map(podFacts),
    nodes: instance.spec.network.mode === 'HostNetwork' ? stores.nodes.list().map(nodeFacts) : [],
    services: childrenOf(stores, 'Service', text).map(serviceFacts),
    previous,
  });
  return { pods, views: pods.map((pod) => podView(pod, answers.get(pod.metadata.name))), addresses };
}

export function childrenOf(stores: Stores, kind: string, instance: string): readonly KubeObject[] {
  return stores.children.get(kind)?.by(byInstance, instance) ?? [];
}

export function childOf(stores: Stores, kind: string, { namespace, name }: Key): KubeObject | undefined {
  return stores.children.get(kind)?.get(namespace, name);
}

export function statefulSetOf(
  stores: Stores,
  instance: { readonly metadata: { readonly name: string } },
  { namespace }: Key,
): KubeObject | undefined {
  return childOf(stores, 'StatefulSet', { namespace, name: instanceName(instance) });
}

export function certificateOf(stores: Stores, instance: SbcInstance, { namespace }: Key): KubeObject | undefined {
  return childOf(stores, 'Certificate', { namespace, name: certificateName(instance) });
}

export function certificatePlace(instance: SbcInstance, { namespace }: Key): ReferencePlace {
  return { kind: 'Secret', namespace, name: certificateSecret(instance) };
}

/** For the judgement: undefined where there is no Secret, empty where it lacks a key. */
export function keyPair(secret: Referenced | undefined): { readonly crt: string; readonly key: string } | undefined {
  if (secret === undefined) return undefined;
  return { crt: secret.texts.get('tls.crt') ?? '', key: secret.texts.get('tls.key') ?? '' };
}

/** Whatever it is worth: a pod that starts anew judges that. */
export function hasKeyPair(secret: Referenced | undefined): boolean {
  const pair = keyPair(secret);
  return pair !== undefined && pair.crt !== '' && pair.key !== '';
}

/** What the trunks name, by `Kind/name`; those that name nothing are not in it. */
export function trunkReferences({ teamsTrunks, pbxTrunks }: Members): ReadonlyMap<string, readonly Reference[]> {
  const all = [...teamsTrunks, ...pbxTrunks].map((trunk) => {
    return [memberName(trunk.kind, trunk.metadata.name), referencesOf(trunk)] as const;
  });
  return new Map(all.filter(([, references]) => references.length > 0));
}

export function placesOf(references: ReadonlyMap<string, readonly Reference[]>): readonly ReferencePlace[] {
  const places = [...references.values()].flat().map(({ place }) => [placeText(place), place] as const);
  return [...new Map(places).values()];
}

/** Trunks that cannot be served for something that they name. */
export function referenceFaults(
  references: ReadonlyMap<string, readonly Reference[]>,
  known: Known,
): ReadonlyMap<string, ReferenceFault> {
  const faults = new Map<string, ReferenceFault>();
  for (const [member, named] of references) {
    const fault = referenceFault(named, known);
    if (fault !== undefined) faults.set(member, fault);
  }
  return faults;
}
