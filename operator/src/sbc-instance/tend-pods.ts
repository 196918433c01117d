/** Looks after pods that are to stop, or should: hurries those that a person or the clock wants gone, and replaces those that nobody can reach. */
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { hurryPod, nodeFacts, placedPod, podAddress } from '../observe/pod-facts.ts';
import { movedGraceSeconds, movedPods } from '../plan/moved-pods.ts';
import { planHurry } from '../plan/plan-hurry.ts';
import type { StatusSecret } from '../objects/status-secret.ts';
import type { Referenced } from '../references/referenced.ts';
import type { PodCredentials } from '../report/status-client.ts';
import { NotOurs } from '../report/status-client.ts';
import { waysOut } from '../status/draining.ts';
import { credentialsFor, followPods } from './follow-pods.ts';
import type { InstanceMemory, PodMemory } from './instance-memory.ts';
import type { Look } from './look.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';

export interface Tended {
  /** When to look again; undefined: nothing waits for a time. */
  readonly againInMs: number | undefined;
  /** Names of pods that have just been replaced for their address. */
  readonly replaced: readonly string[];
}

/** Comes before all that is written: none of it waits for children that the API server refuses. */
export async function tendPods(look: Look, memory: InstanceMemory, ports: SbcInstancePorts): Promise<Tended> {
  const againInMs = hurryPods(look, memory, ports);
  return { againInMs, replaced: await replaceMoved(look, memory, ports) };
}

/** All that is done for pods that are to stop, also where their instance is being deleted. @returns as `againInMs` */
export function hurryPods(look: Look, memory: InstanceMemory, ports: SbcInstancePorts): number | undefined {
  keepMemories(look, memory);
  const credentials = credentialsFor(look, heldBy(look.statusSecret), ports);
  followPods(look, credentials, memory.routing?.hash, ports);
  return hurry({ look, memory, ports, credentials });
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

/** As much as there is of it. */
function heldBy(secret: Referenced | undefined): Pick<StatusSecret, 'crt' | 'token'> | undefined {
  return secret && { crt: secret.texts.get('tls.crt') ?? '', token: secret.texts.get('token') ?? '' };
}

interface Hurrying {
  readonly look: Look;
  readonly memory: InstanceMemory;
  readonly ports: SbcInstancePorts;
  readonly credentials: PodCredentials | undefined;
}

function hurry(hurrying: Hurrying): number | undefined {
  const { look, memory, ports } = hurrying;
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
    if (pod !== undefined) askToEnd(pod, why, hurrying);
  }
  for (const { name, message } of ignored) {
    const pod = byName.get(name);
    if (pod !== undefined) complain(pod, message, memory, ports);
  }
  return againInMs;
}

function askToEnd(pod: KubeObject, why: string, { look, memory, ports, credentials }: Hurrying): void {
  const { name, uid = '' } = pod.metadata;
  const address = podAddress(pod);
  memory.pods.set(uid, { ...memoryOf(memory, uid), askedMs: ports.clock.wallMs() });
  const tell = (type: 'Normal' | 'Warning', reason: string, message: string) =>
    ports.events.record(pod, { type, reason, message, action: 'EndCalls' });
  const refused = (text: string) =>
    tell('Warning', 'CallsNotEnded', `Pod ${name} should end its calls now (${why}), and cannot be asked: ${text}`);
  if (address === undefined) return refused('it has no address');
  if (credentials === undefined) return refused(`its status Secret is not there; ${waysOut(name)}`);
  const place = { address, port: look.instance.spec.observability.statusPort };
  ports.ending.endCalls(place, credentials).then(
    () => tell('Normal', 'EndingCalls', `Pod ${name} ends its calls now: ${why}`),
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      refused(error instanceof NotOurs ? `${text}; ${waysOut(name)}` : text);
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
