/** Writes what a look at an instance asks for: shards, children, index, copy, the next pod, and removes what is superfluous. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources, resourceOf } from '../kube/resource.ts';
import { certificateSecret } from '../compile/certificate-secret.ts';
import { formatKey } from '../frame/controller.ts';
import { rolloutPod } from '../observe/pod-facts.ts';
import { instanceName } from '../objects/names.ts';
import { readFormerRanges } from '../objects/sip-ranges.ts';
import { stepRanges } from '../plan/former-ranges.ts';
import { operatorAnnotation } from '../plan/plan-claim.ts';
import type { ChildrenFacts } from '../plan/plan-children.ts';
import { planChildren } from '../plan/plan-children.ts';
import type { RolloutStep } from '../plan/plan-rollout.ts';
import { isRolloutHeld, planRollout, updateRevision } from '../plan/plan-rollout.ts';
import { prunedKinds, superfluousChildren } from '../plan/superfluous-children.ts';
import type { InstanceMemory } from './instance-memory.ts';
import { keepDocument } from './instance-memory.ts';
import { credentialsFor, followPods } from './follow-pods.ts';
import type { Applied, Look } from './look.ts';
import { childOf, childrenOf, statefulSetOf } from './observe-instance.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';
import type { Tended } from './tend-pods.ts';
import type { RoutingPlan } from './write-routing.ts';
import { deleteUnused, planRouting, writeShards } from './write-routing.ts';

export const notYet: RolloutStep = { kind: 'wait', message: 'the StatefulSet is not there yet' };

export async function applyInstance(
  look: Look,
  tended: Tended,
  memory: InstanceMemory,
  ports: SbcInstancePorts,
): Promise<Applied> {
  const { state, instance, key } = look;
  if (state === undefined) return { routing: undefined, rollout: notYet };
  const { stores, kube } = ports;
  const statusSecret = await ports.statusSecrets.keep(instance, look.statusSecret);
  const maps = stores.children.get('ConfigMap');
  if (maps === undefined) throw new Error('Cannot write the routing state: ConfigMaps are not watched');
  const routing = planRouting(instance, state, { maps, memory, instanceKey: formatKey(key) });
  // The order holds whenever this process ends: what an index names is there, and may be read, before the index is.
  await writeShards(kube, routing.shards);
  memory.ranges = rangesOf(look, state, memory, ports);
  await writeChildren(look, state, { statusSecret, formerRanges: memory.ranges.former }, ports);
  await writeChild(look, routing.index, ports);
  memory.routing = { hash: routing.hash, shards: routing.shardCount };
  keepGood(look, state, routing, memory, ports);
  await writeChild(look, copyOf(routing, memory), ports);
  followPods(look, credentialsFor(look, statusSecret, ports), routing.hash, ports);
  const rollout = tended.replaced.length > 0 ? replacing(tended) : await rollOut(look, routing.hash, ports);
  await collect(look, routing, ports);
  return { routing: memory.routing, rollout };
}

/** One pod at a time is away for the rollout; the next look knows that these are. */
function replacing({ replaced }: Tended): RolloutStep {
  return { kind: 'wait', message: `${replaced.join(', ')}: replaced, because the node has another address` };
}

function rangesOf({ instance, key }: Look, state: RoutingState, memory: InstanceMemory, ports: SbcInstancePorts) {
  const policy = childOf(ports.stores, 'NetworkPolicy', { namespace: key.namespace, name: instanceName(instance) });
  const before = memory.ranges ?? { wanted: new Map(), former: readFormerRanges(policy) };
  const keepMs = instance.spec.drain.timeoutSeconds * 1000;
  return stepRanges(before, state, { nowMs: ports.clock.wallMs(), keepMs });
}

async function writeChildren(
  look: Look,
  state: RoutingState,
  kept: Pick<ChildrenFacts, 'statusSecret' | 'formerRanges'>,
  ports: SbcInstancePorts,
) {
  const { instance, object, pods, key } = look;
  const { certManager, ...others } = ports.capabilities();
  const capabilities = { ...others, certManager: certManager && !look.isHeldBack };
  const wanted = planChildren({ instance, state, capabilities, ...kept, dnsNames: look.names.dnsNames });
  for (const child of wanted) {
    // It has its own keeper: Secrets are not watched.
    if (child.kind !== 'Secret') await writeChild(look, named(child, ports.identity), ports);
  }
  const superfluous = superfluousChildren({
    ownerUid: object.metadata.uid ?? '',
    wanted,
    present: prunedKinds.flatMap((kind) => childrenOf(ports.stores, kind, formatKey(key))),
    pods: new Set(pods.map(({ metadata }) => metadata.name)),
  });
  for (const child of superfluous) {
    const { namespace, name, uid } = child.metadata;
    await ports.kube.delete(resourceOf(child), { namespace, name }, { uid });
  }
}

/** From its first moment on it says whose it is. */
function named(child: KubeObject, identity: string | undefined): KubeObject {
  if (child.kind !== 'StatefulSet' || identity === undefined) return child;
  const annotations = { ...child.metadata.annotations, [operatorAnnotation]: identity };
  return { ...child, metadata: { ...child.metadata, annotations } };
}

async function writeChild({ object, key }: Look, child: KubeObject, ports: SbcInstancePorts): Promise<void> {
  const { name } = child.metadata;
  const live = childOf(ports.stores, child.kind, { namespace: key.namespace, name });
  const outcome = await ports.children.write({ object: child, live });
  if (outcome !== 'Repaired') return;
  const message = `${child.kind} ${name} was changed by somebody else and is as it should be again`;
  ports.events.record(object, { type: 'Warning', reason: 'ChildRepaired', message, action: 'Apply' });
}

function copyOf(routing: RoutingPlan, memory: InstanceMemory): KubeObject {
  if (memory.copy?.hash !== routing.hash) memory.copy = { hash: routing.hash, object: routing.copy };
  return memory.copy.object;
}

function keepGood(
  { blocked, compilation, members }: Look,
  state: RoutingState,
  { hash }: RoutingPlan,
  memory: InstanceMemory,
  { clock }: SbcInstancePorts,
): void {
  if (blocked !== undefined) return;
  const { trunkHashes, former } = compilation;
  const versions = new Map<string, string>();
  for (const member of trunkHashes.keys()) {
    const version = former.has(member) ? memory.good?.versions.get(member) : members.seen.get(member);
    if (version !== undefined) versions.set(member, version);
  }
  keepDocument(memory, { hash, state, hashes: trunkHashes, versions }, clock.nowMs());
}

async function rollOut(
  look: Look,
  wanted: string,
  { stores, kube, children, events, clock }: SbcInstancePorts,
): Promise<RolloutStep> {
  const { instance, key, object, pods, views } = look;
  const set = statefulSetOf(stores, instance, key);
  const step = planRollout({
    // Of a template that was mended a moment ago, no pod is to run.
    updateRevision: set !== undefined && children.isOurs(set) ? updateRevision(set) : undefined,
    replicas: instance.spec.replicas,
    pods: pods.flatMap((pod, index) => {
      const view = views[index];
      return view === undefined ? [] : [rolloutPod(pod, view, wanted)];
    }),
    isHeld: isRolloutHeld(instance),
    lacking: lackingText(look),
    nowMs: clock.wallMs(),
  });
  if (step.kind !== 'roll') return step;
  const { name, uid } = step.pod;
  // The uid: a pod that came back under this name meanwhile is left alone.
  const isGone = await kube.delete(resources.pods, { namespace: key.namespace, name }, { uid });
  const message = `Pod ${name} is being replaced: it drains, and comes back with the new template${aloneText(instance.spec.replicas)}`;
  if (isGone) events.record(object, { type: 'Normal', reason: 'PodReplaced', message, action: 'RollOut' });
  return { kind: 'wait', message };
}

/** What a pod that starts anew would not have, and those that run have. */
function lackingText({ instance, hasKeyPair, heldByPods }: Look): string | undefined {
  if (!hasKeyPair) return `a certificate with its key in Secret/${certificateSecret(instance)}`;
  if (heldByPods.length === 0) return undefined;
  return `all that ${heldByPods.join(' and ')} ${heldByPods.length === 1 ? 'names' : 'name'}`;
}

const aloneText = (replicas: number) =>
  replicas > 1 ? '' : '. It is the only one: new calls are answered 503 until it is back';

/** A ready pod that has not said so may still read a shard of before. */
async function collect({ views, key }: Look, { unused, hash }: RoutingPlan, { kube }: SbcInstancePorts): Promise<void> {
  const isInSync = views.filter(({ isReady }) => isReady).every((pod) => pod.answers && pod.hash === hash);
  if (isInSync) await deleteUnused(kube, key.namespace, unused);
}
