/** Why a pod is not ready, in the words of Kubernetes and of the pod itself, and the command that shows more. Pure. */
import type { RuntimeSummary } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { rtpengineContainer } from '../objects/rtpengine-container.ts';

interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly reason?: string; readonly exitCode?: number } };
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

interface Trouble {
  readonly cause: string;
  readonly command: string;
}

/** Characters of what Kubernetes says. */
const MAX_QUOTE = 240;

/** Every container goes through these. */
const usual: ReadonlySet<string | undefined> = new Set([undefined, 'ContainerCreating', 'PodInitializing']);

/** Their messages name an image, a Secret or a key. Those of others may quote what a container was started with. */
const quoted: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
]);

/** @param said by the pod, where it answers @returns undefined: nothing says why */
export function podTrouble(pod: KubeObject, said: RuntimeSummary | undefined): string | undefined {
  const status: PodStatus = pod.status ?? {};
  const { name } = pod.metadata;
  const found = placeTrouble(name, status) ?? containerTrouble(name, status, said) ?? relayTrouble(name, said);
  return found && `${found.cause} (${found.command})`;
}

function placeTrouble(name: string, { phase, reason, conditions = [] }: PodStatus): Trouble | undefined {
  const command = `kubectl describe pod ${name}`;
  if (phase === 'Failed') return { cause: `it has failed: ${quote(reason ?? 'no reason given')}`, command };
  const place = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return place && { cause: `it has no node: ${quote(place.message ?? 'no reason given')}`, command };
}

/** RTPEngine, which the runtime waits for, comes first. */
function containerTrouble(name: string, status: PodStatus, said: RuntimeSummary | undefined): Trouble | undefined {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const each of containers) {
    const { reason, message } = each.state?.waiting ?? {};
    const ended = endedText(each);
    const command = `kubectl logs ${name} --container=${each.name} --previous`;
    if (reason === undefined || usual.has(reason)) {
      // A pod that answers says itself what it waits for; how a container ended may be days ago.
      if (ended !== undefined && said === undefined)
        return { cause: `container ${each.name} was started again, it ${ended}`, command };
      continue;
    }
    if (ended !== undefined) return { cause: `container ${each.name} ${ended}: ${reason}`, command };
    const words = quoted.has(reason) && message !== undefined ? `: ${quote(message)}` : '';
    return { cause: `container ${each.name} waits: ${reason}${words}`, command: `kubectl describe pod ${name}` };
  }
  return undefined;
}

function endedText({ lastState }: ContainerStatus): string | undefined {
  const { terminated } = lastState ?? {};
  if (terminated === undefined) return undefined;
  const { reason = 'Error', exitCode } = terminated;
  return `ended with ${reason}${exitCode === undefined ? '' : ` (exit code ${String(exitCode)})`}`;
}

function relayTrouble(name: string, said: RuntimeSummary | undefined): Trouble | undefined {
  if (said?.relayAnswers !== false) return undefined;
  return { cause: 'RTPEngine does not answer', command: `kubectl logs ${name} --container=${rtpengineContainer}` };
}

function quote(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}
