/** Looks after pods that are to stop, or should: hurries those that a person or the clock wants gone, and replaces those that nobody can reach. */
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { hurryPod, nodeFacts, placedPod, podAddress } from '../observe/pod-facts.ts';
import { movedGraceSeconds, movedPods } from '../plan/moved-pods.ts';
import { planHurry } from '../plan/plan-hurry.ts';
import type { InstanceMemory, PodMemory } from './instance-memory.ts';
import type { Look } from './look.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';
import { certificatesOf } from './status-certificate.ts';

export interface Tended {
  /** When to look again; undefined: nothing waits for a time. */
  readonly againInMs: number | undefined;
  /** Names of pods that have just been replaced for their address. */
  readonly replaced: readonly string[];
}

/** Comes before all that is written: none of it waits for children that the API server refuses. */
export async function tendPods(look: Look, memory: InstanceMemory, ports: SbcInstancePorts): Promise<Tended> {
  keepMemories(look, memory);
  const againInMs = hurry(look, memory, ports);
  return { againInMs, replaced: await replaceMoved(look, memory, ports) };
}

/** One for each pod that is there. */
function keepMemories({ pods, views }: Look, memory: InstanceMemory): void {
  const former = new Map(memory.pods);
  memory.pods.clear();
  for (const [index, pod] of pods.entries()) {
    const { uid } = pod.metadata;
    if (uid === undefined) continue;
    const known = former.get(uid) ?? {};
    const servedAt = known.servedAt ?? (views[index]?.isReady === true ? podAddress(pod) : undefined);
    memory.pods.set(uid, { ...known, ...(servedAt !== undefined && { servedAt }) });
  }
}

async function replaceMoved(look: Look, memory: InstanceMemory, ports: SbcInstancePorts): Promise<readonly string[]> {
  const { instance, key, object, pods, views } = look;
  const { mode } = instance.spec.network;
  if (mode !== 'HostNetwork') return [];
  const placed = pods.flatMap((pod, index) => {
    const view = views[index];
    return view === undefined ? [] : [placedPod(pod, view, memoryOf(memory, view.uid).servedAt)];
  });
  const nodes = ports.stores.nodes.list().map(nodeFacts);
  const moved = movedPods(mode, placed, { nodes, nowMs: ports.clock.wallMs() });
  for (const { name, uid, message } of moved) {
    const known = memoryOf(memory, uid);
    // Once is enough, also where the clock of the API server is not ours and it seems to have long.
    if (known.isReplaced === true) continue;
    const options = { uid, gracePeriodSeconds: movedGraceSeconds };
    const isThere = await ports.kube.delete(resources.pods, { namespace: key.namespace, name }, options);
    if (isThere)
      ports.events.record(object, { type: 'Warning', reason: 'NodeAddressChanged', message, action: 'Replace' });
    memory.pods.set(uid, { ...known, isReplaced: true });
  }
  return moved.map(({ name }) => name);
}

function hurry(look: Look, memory: InstanceMemory, ports: SbcInstancePorts): number | undefined {
  const { pods, views } = look;
  const nowMs = ports.clock.wallMs();
  const byName = new Map(pods.map((pod) => [pod.metadata.name, pod]));
  const facts = views.flatMap((view) => {
    const pod = byName.get(view.name);
    return pod === undefined ? [] : [hurryPod(pod, view, memoryOf(memory, view.uid).askedMs)];
  });
  const { ask, ignored, againInMs } = planHurry(facts, nowMs);
  for (const { name, why } of ask) {
    const pod = byName.get(name);
    if (pod !== undefined) askToEnd(pod, why, look, memory, ports);
  }
  for (const { name, message } of ignored) {
    const pod = byName.get(name);
    if (pod !== undefined) complain(pod, message, memory, ports);
  }
  return againInMs;
}

function askToEnd(pod: KubeObject, why: string, look: Look, memory: InstanceMemory, ports: SbcInstancePorts): void {
  const { name, uid = '' } = pod.metadata;
  const address = podAddress(pod);
  const { texts } = look.statusSecret ?? {};
  const [crt, token] = [texts?.get('tls.crt'), texts?.get('token')];
  if (address === undefined || crt === undefined || token === undefined) return;
  memory.pods.set(uid, { ...memoryOf(memory, uid), askedMs: ports.clock.wallMs() });
  const place = { address, port: look.instance.spec.observability.statusPort };
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    ports.events.record(pod, { type, reason, message, action: 'EndCalls' });
  ports.ending.endCalls(place, { certificates: certificatesOf(crt), token }).then(
    () => tell('Normal', 'EndingCalls', `Pod ${name} ends its calls now: ${why}`),
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      tell('Warning', 'CallsNotEnded', `Pod ${name} should end its calls now (${why}), and cannot be asked: ${text}`);
    },
  );
}

/** Once for each complaint: the annotation stands there until somebody takes it away. */
function complain(pod: KubeObject, message: string, memory: InstanceMemory, { events }: SbcInstancePorts): void {
  const { uid = '' } = pod.metadata;
  const known = memoryOf(memory, uid);
  if (known.complaint === message) return;
  memory.pods.set(uid, { ...known, complaint: message });
  events.record(pod, { type: 'Warning', reason: 'EndCallsIgnored', message, action: 'EndCalls' });
}

const memoryOf = ({ pods }: InstanceMemory, uid: string): PodMemory => pods.get(uid) ?? {};
