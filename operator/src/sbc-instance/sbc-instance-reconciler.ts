/** Makes an instance as its manifests say: observe, plan, apply, tell. Every step may be the last one of this process. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { Compilation } from '../compile/compile.ts';
import { compile } from '../compile/compile.ts';
import type { Key, Reconciler, ReconcileResult } from '../frame/controller.ts';
import { formatKey } from '../frame/controller.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { assessCertificate } from '../plan/assess-certificate.ts';
import { nextRangeEnd } from '../plan/former-ranges.ts';
import { fqdnsOf } from '../plan/gateways.ts';
import type { ReferencePlace } from '../references/referenced.ts';
import { placeText } from '../references/referenced.ts';
import { invalidInstance } from '../status/instance-status.ts';
import { failureOf, routingInForce } from './apply-failure.ts';
import { applyInstance, notYet } from './apply-instance.ts';
import { claimInstance } from './claim-instance.ts';
import { withImages } from './default-images.ts';
import { gatherMembers } from '../observe/gather-members.ts';
import type { Members } from '../observe/gather-members.ts';
import type { InstanceMemory } from './instance-memory.ts';
import { emptyMemory } from './instance-memory.ts';
import { readIndex, readLastGood } from './last-good.ts';
import type { Applied, Look } from './look.ts';
import type { ObservedPods } from './observe-instance.ts';
import {
  certificateOf,
  certificatePlace,
  childOf,
  childrenOf,
  hasKeyPair,
  keyPair,
  observePods,
  placesOf,
  referenceFaults,
  trunkReferences,
} from './observe-instance.ts';
import { formerReferences, goesOn } from './former-references.ts';
import type { CertificateNames } from '../objects/certificate-names.ts';
import { certificateNames } from '../objects/certificate-names.ts';
import { routingIndexName } from '../objects/names.ts';
import { isHeldBack } from '../plan/held-back.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';
import { statusSecretPlace } from './status-secret-keeper.ts';
import { tellDeletion, tellInstance } from './tell-instance.ts';
import type { Tended } from './tend-pods.ts';
import { hurryPods, tendPods } from './tend-pods.ts';

/** Certificates end without an event. */
const LOOK_AGAIN_MS = 600_000;

export class SbcInstanceReconciler implements Reconciler {
  readonly #ports: SbcInstancePorts;
  readonly #memories = new Map<string, InstanceMemory>();

  constructor(ports: SbcInstancePorts) {
    this.#ports = ports;
  }

  async reconcile(key: Key): Promise<ReconcileResult | undefined> {
    const { stores, reader } = this.#ports;
    const object = stores.sbcInstances.get(key.namespace, key.name);
    if (object === undefined) {
      this.#forget(key);
      return undefined;
    }
    const isGoing = object.metadata.deletionTimestamp !== undefined;
    const memory = this.#memoryOf(object);
    const notOursMs = await claimInstance({ key, object }, memory, this.#ports);
    if (notOursMs !== undefined) {
      this.#leave(key, object, memory);
      return { requeueAfterMs: notOursMs };
    }
    const manifest = reader.read('SbcInstance', object);
    if (!manifest.ok && isGoing) return undefined;
    if (!manifest.ok) {
      await this.#refuse(key, object, manifest.fault, memory);
      return undefined;
    }
    const instance = withImages(manifest.object, this.#ports.images);
    const look = await this.#look(key, object, instance, memory);
    if (isGoing) return await this.#windUp(look, memory);
    const { tended, applied } = await this.#apply(look, memory);
    const told = await tellInstance(look, applied, memory, this.#ports);
    const rangeEndMs = memory.ranges && nextRangeEnd(memory.ranges, this.#ports.clock.wallMs());
    const times = [told?.requeueAfterMs, rangeEndMs, tended.againInMs].filter((each) => each !== undefined);
    return { requeueAfterMs: Math.min(LOOK_AGAIN_MS, ...times) };
  }

  /** Garbage collection takes the children, the pods' grace period the calls. */
  async #windUp(look: Look, memory: InstanceMemory): Promise<ReconcileResult> {
    const hurryInMs = hurryPods(look, memory, this.#ports) ?? Infinity;
    return { requeueAfterMs: Math.min(hurryInMs, await tellDeletion(look, memory, this.#ports)) };
  }

  /** Observe and plan: writes nothing. */
  async #look(key: Key, object: KubeObject, instance: SbcInstance, memory: InstanceMemory): Promise<Look> {
    const { stores, reader, poller, clock, capabilities } = this.#ports;
    const text = formatKey(key);
    const members = gatherMembers(stores, reader, text);
    const certificate = certificatePlace(instance, key);
    const issued = certificateOf(stores, instance, key);
    await this.#readIssued(certificate, issued, memory);
    const observed = observePods(instance, key, {
      stores,
      answers: poller.answersOf(text),
      previous: memory.addresses,
    });
    memory.addresses = observed.addresses.addresses;
    let { known, faults, compilation, heldByPods } = await this.#compile(key, instance, members, observed, memory);
    if (memory.good === undefined && (isRefusing(compilation, members) || faults.size > 0)) {
      await this.#readLastGood(key, instance, memory);
      ({ known, faults, compilation, heldByPods } = await this.#compile(key, instance, members, observed, memory));
    }
    const state = compilation.state ?? memory.good?.state;
    const secret = known.get(placeText(certificate));
    const { certManager } = capabilities();
    const names = namesWanted(instance, state, members);
    const heldBack = isHeldBack({ instance, secret, certificate: issued, certManager });
    return {
      key,
      object,
      instance,
      members,
      faults,
      ...observed,
      compilation,
      blocked: blockedBy(compilation),
      state,
      statusSecret: known.get(placeText(statusSecretPlace(instance))),
      certificate: assessCertificate({
        instance,
        fqdns: state === undefined ? [] : fqdnsOf(state),
        leftOut: names.leftOut,
        isHeldBack: heldBack,
        secret: keyPair(secret),
        certificate: issued,
        requests: childrenOf(stores, 'CertificateRequest', text),
        certManager,
        nowMs: clock.wallMs(),
      }),
      hasKeyPair: hasKeyPair(secret),
      heldByPods,
      names,
      isHeldBack: heldBack,
    };
  }

  async #compile(
    key: Key,
    instance: SbcInstance,
    members: Members,
    { views, addresses }: ObservedPods,
    { good, memo }: InstanceMemory,
  ) {
    const named = trunkReferences(members);
    const former = formerReferences(good, key.namespace);
    const own = [statusSecretPlace(instance), certificatePlace(instance, key)];
    const known = await this.#ports.references.use(formatKey(key), [...own, ...placesOf(named), ...placesOf(former)]);
    const faults = referenceFaults(named, known);
    const going = goesOn({ faults, former, known, pods: views, hash: good?.hash });
    const compilation = compile(instance, members, {
      addresses: addresses.advertised,
      unresolved: new Set(faults.keys()),
      goesOn: going,
      memo,
      inForce: good,
      present: { seen: members.seen, invalid: new Set(members.invalid.keys()) },
    });
    const heldByPods = [...going].flatMap(([member, lost]) => (lost === '' ? [] : [member]));
    return { known, faults, compilation, heldByPods };
  }

  /** Secrets are not watched: that one is a new one, its Certificate tells. */
  async #readIssued(secret: ReferencePlace, certificate: KubeObject | undefined, memory: InstanceMemory) {
    const { revision } = (certificate?.status ?? {}) as { readonly revision?: number };
    const issued = revision === undefined ? undefined : `${certificate?.metadata.uid ?? ''} ${String(revision)}`;
    if (issued === memory.issued) return;
    memory.issued = issued;
    await this.#ports.references.reread(secret);
  }

  /** What the API server refuses is tried again, and said where a person looks. */
  async #apply(look: Look, memory: InstanceMemory): Promise<{ readonly tended: Tended; readonly applied: Applied }> {
    try {
      const tended = await tendPods(look, memory, this.#ports);
      return { tended, applied: await applyInstance(look, tended, memory, this.#ports) };
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== undefined) await this.#tellFailure(look, failure, memory);
      throw error;
    }
  }

  async #tellFailure(look: Look, failure: string, memory: InstanceMemory): Promise<void> {
    const { events, statuses } = this.#ports;
    events.record(look.object, { type: 'Warning', reason: 'ApplyFailed', message: failure, action: 'Apply' });
    const routing = routingInForce(memory, statuses.currentOf(look.object));
    try {
      await tellInstance(look, { routing, rollout: notYet, failure }, memory, this.#ports);
    } catch {
      // What was refused first is what is thrown; with the next attempt this is tried again too.
    }
  }

  async #readLastGood(key: Key, instance: SbcInstance, memory: InstanceMemory): Promise<void> {
    const { stores, kube, clock } = this.#ports;
    const index = readIndex(
      childOf(stores, 'ConfigMap', { namespace: key.namespace, name: routingIndexName(instance) }),
    );
    if (index === undefined) return;
    const good = await readLastGood(kube, key.namespace, index);
    if (good === undefined) return;
    memory.good = good;
    memory.goodSinceMs = clock.nowMs();
    memory.documents.set(good.hash, good.hashes);
  }

  /** What was accepted last stays as it is; its members are told why nothing new is taken up. */
  async #refuse(key: Key, object: KubeObject, fault: string, memory: InstanceMemory): Promise<void> {
    const { stores, reader, outcomes, statuses } = this.#ports;
    const text = formatKey(key);
    const { seen, invalid } = gatherMembers(stores, reader, text);
    outcomes.publish(text, {
      blocked: `SbcInstance/${key.name} is not valid: ${fault}`,
      failure: undefined,
      seen,
      invalid,
      problems: new Map(),
      former: new Map(),
      notes: new Map(),
      references: new Map(),
      hashes: new Map(),
      documents: memory.documents,
      wanted: memory.good?.hash,
      wantedSinceMs: memory.goodSinceMs,
      pods: [],
      gateways: new Map(),
      certificate: undefined,
      uncovered: new Map(),
      orphans: new Set(),
    });
    await statuses.write(object, { conditions: invalidInstance(fault), fields: {} });
  }

  /** A namesake that comes later is another one. */
  #memoryOf({ metadata }: KubeObject): InstanceMemory {
    const uid = metadata.uid ?? `${metadata.namespace ?? ''}/${metadata.name}`;
    let memory = this.#memories.get(uid);
    if (memory === undefined) this.#memories.set(uid, (memory = emptyMemory()));
    return memory;
  }

  /** Another operator looks after it: once it does no more, what is known of today is of a former day. */
  #leave(key: Key, { metadata: { uid } }: KubeObject, { claim }: InstanceMemory): void {
    const { references, poller, outcomes } = this.#ports;
    const text = formatKey(key);
    references.forget(text);
    poller.forget(text);
    outcomes.forget(text);
    if (uid !== undefined) this.#memories.set(uid, { ...emptyMemory(), claim });
  }

  #forget(key: Key): void {
    const { references, poller, outcomes, statuses, stores, statusSecrets } = this.#ports;
    const text = formatKey(key);
    statuses.forget('SbcInstance', key.namespace, key.name);
    references.forget(text);
    poller.forget(text);
    outcomes.forget(text);
    const present = new Set(stores.sbcInstances.list().map(({ metadata }) => metadata.uid));
    for (const uid of this.#memories.keys()) {
      if (present.has(uid)) continue;
      this.#memories.delete(uid);
      statusSecrets.forget(uid);
    }
  }
}

const noNames: CertificateNames = { dnsNames: [], leftOut: new Map() };

/** What an issuer is asked for; whoever brings a certificate has it as it is. */
function namesWanted(
  { spec }: SbcInstance,
  state: RoutingState | undefined,
  { teamsTrunks }: Members,
): CertificateNames {
  if (spec.tls.issuerRef === undefined || state === undefined) return noNames;
  return certificateNames(
    state,
    new Map(teamsTrunks.map(({ metadata }) => [metadata.name, metadata.creationTimestamp ?? ''])),
  );
}

/** Something is not as its manifest says: what it was before is worth reading. */
function isRefusing({ state, problems }: Compilation, { invalid }: Members): boolean {
  return state === undefined || invalid.size > 0 || problems.length > 0;
}

function blockedBy({ state, problems }: Compilation): string | undefined {
  if (state !== undefined) return undefined;
  return problems.find(({ blocking }) => blocking)?.message ?? 'no routing state can be made of the manifests';
}
