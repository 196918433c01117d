/** A change made now, followed until it is in force; and what a runtime says of itself while whoever else is away. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificatesOf } from '../../../operator/src/sbc-instance/status-certificate.ts';
import type { Said } from '../../cluster/kit/api-client.ts';
import { until } from '../../cluster/kit/until.ts';
import { conditionIn } from '../../cluster/faults/stage.ts';
import { systemNamespace } from '../../cluster/packaging/helm.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import type { VoiceStage } from './voice-stage.ts';

/** A pod that the control plane took for lost is asked again only once its kubelet has said that it is ready: about a minute. */
const PROGRAMMED_MS = 120_000;
const OPERATORS_MS = 90_000;

export interface TakenUp {
  /** The runtime works by it. */
  readonly inForceAfterMs: number;
  /** The status says so. */
  readonly programmedAfterMs: number;
}

/** Another period of OPTIONS for the PBX. */
export async function change(stage: VoiceStage): Promise<void> {
  const { options } = (await stage.objects.get('pbxtrunks', 'pbx')).spec;
  const periodSeconds = (options.periodSeconds as number) + 1;
  await stage.objects.patch('pbxtrunks', 'pbx', { spec: { options: { periodSeconds } } });
}

/** @param before The hash of what was in force before the change */
export async function untilTakenUp(stage: VoiceStage, before: string): Promise<TakenUp> {
  const fromMs = nowMs();
  const isInForce = async () => (await stage.objects.summary('sbc-0')).hash !== before;
  await until(isInForce, { what: 'the change to be in force', withinMs: PROGRAMMED_MS });
  const inForceAfterMs = nowMs() - fromMs;
  await stage.objects.says('pbxtrunks', 'pbx', 'Programmed', 'True InSync', PROGRAMMED_MS);
  return { inForceAfterMs, programmedAfterMs: nowMs() - fromMs };
}

/** A change made now reaches the runtime. */
export async function takesUp(stage: VoiceStage): Promise<TakenUp> {
  const { hash } = await stage.objects.summary('sbc-0');
  await change(stage);
  return untilTakenUp(stage, hash as string);
}

/** Asks the runtime as the operator does: it is alive, ready, and answers the hash of what is in force. The API server is not needed from then on. */
export async function asksRuntime(stage: VoiceStage): Promise<() => Promise<string>> {
  const { podIP } = (await stage.pod()).status;
  const { data } = await stage.objects.get('secrets', 'sbc-status');
  const text = (key: string) => Buffer.from(data[key] as string, 'base64').toString();
  const credentials = { certificates: certificatesOf(text('tls.crt')), token: text('token') };
  return async () => {
    for (const path of ['livez', 'readyz']) assert.equal((await fetch(`http://${podIP}:8080/${path}`)).status, 200);
    return (await stage.objects.ask(podIP as string, credentials)).hash as string;
  };
}

/** For that long the runtime is alive, ready, and runs what it ran. */
export async function servesFor(milliseconds: number, ask: () => Promise<string>): Promise<void> {
  const hash = await ask();
  for (const endMs = nowMs() + milliseconds; nowMs() < endMs;) {
    await sleep(1000);
    assert.equal(await ask(), hash);
  }
}

export async function operatorPods(stage: VoiceStage): Promise<Said[]> {
  const { body } = await stage.cluster.controlPlane.api.get(`/api/v1/namespaces/${systemNamespace}/pods`);
  return body.items as Said[];
}

/** Both, and they are those that are wanted. */
export async function operatorsAreReady(
  stage: VoiceStage,
  isWanted: (pod: Said) => boolean = () => true,
): Promise<void> {
  const ask = async () => {
    const pods = await operatorPods(stage);
    return pods.length === 2 && pods.every((pod) => isWanted(pod) && conditionIn(pod, 'Ready')?.status === 'True');
  };
  await until(ask, { what: 'two operators that are ready', withinMs: OPERATORS_MS, everyMs: 200 });
}
