/** Pods of an instance that go and come back, seen as a person sees them: through the API, and by their OPTIONS. */
import type { Said } from '../../cluster/kit/api-client.ts';
import { until } from '../../cluster/kit/until.ts';
import { conditionIn, type SaidCondition } from '../../cluster/faults/stage.ts';
import type { Recorded } from '../../teams-simulator/log.ts';
import type { VoiceStage } from './voice-stage.ts';

export const isGoing = (pod: Said): boolean => pod?.metadata.deletionTimestamp !== undefined;

export const isReady = (pod: Said): boolean =>
  pod !== undefined && !isGoing(pod) && conditionIn(pod, 'Ready')?.status === 'True';

export const uidOf = async (stage: VoiceStage, ordinal: number): Promise<string> =>
  ((await stage.pod(ordinal))?.metadata.uid as string | undefined) ?? '';

export const uidsOf = (stage: VoiceStage, ordinals: readonly number[]): Promise<string[]> =>
  Promise.all(ordinals.map((ordinal) => uidOf(stage, ordinal)));

export function imageOf(pod: Said, container = 'runtime'): string {
  const containers = (pod?.spec.containers ?? []) as { name: string; image: string }[];
  return containers.find(({ name }) => name === container)?.image ?? '';
}

/** The first of them that is to stop. */
export async function untilOneGoes(stage: VoiceStage, ordinals: readonly number[], withinMs = 60_000): Promise<number> {
  const look = async () => {
    for (const ordinal of ordinals) if (isGoing(await stage.pod(ordinal))) return { ordinal };
    return undefined;
  };
  return (await until(look, { what: 'a pod that is to stop', withinMs })).ordinal;
}

/** Another pod has its name, and takes calls. @param former uid of the one before */
export async function untilReplaced(
  stage: VoiceStage,
  ordinal: number,
  former: string,
  withinMs = 90_000,
): Promise<Said> {
  const look = async () => {
    const pod = await stage.pod(ordinal);
    return pod?.metadata.uid !== former && isReady(pod) ? { pod } : undefined;
  };
  return (await until(look, { what: `another sbc-${String(ordinal)} that is ready`, withinMs })).pod;
}

export async function instanceCondition(stage: VoiceStage, type: string): Promise<SaidCondition | undefined> {
  return conditionIn(await stage.objects.get('sbcinstances', 'sbc'), type);
}

/** Resolves when the instance's condition says this, of whatever generation. */
export async function untilSaid(stage: VoiceStage, type: string, words: RegExp, withinMs = 30_000): Promise<string> {
  let last = 'nothing';
  const look = async () => {
    const found = await instanceCondition(stage, type);
    last = `${found?.status} ${found?.reason}: ${found?.message}`;
    return words.test(last) ? last : undefined;
  };
  return until(look, { what: `${type} to say ${String(words)}`, withinMs }).catch((error: unknown) => {
    throw new Error(`${type} does not say ${String(words)}; it says ${last}`, { cause: error });
  });
}

/** OPTIONS of that pod that came to Microsoft since then (`simulator.log.nowMs`). */
export function optionsOf(stage: VoiceStage, ordinal: number, sinceMs: number): Recorded[] {
  const host = hostOf(stage, ordinal);
  return stage.simulator.log
    .received('OPTIONS')
    .filter(({ atMs, message }) => atMs >= sinceMs && (message.headers.contact?.[0]?.uri ?? '').includes(host));
}

/** Answers of that pod to OPTIONS of Microsoft. */
export function optionsAnswers(stage: VoiceStage, ordinal: number, status: number, sinceMs: number): Recorded[] {
  const host = hostOf(stage, ordinal);
  return stage.simulator.log
    .received(status)
    .filter(
      ({ atMs, message: { headers } }) =>
        atMs >= sinceMs && headers.cseq.method === 'OPTIONS' && headers.to.uri.includes(host),
    );
}

const hostOf = (stage: VoiceStage, ordinal: number) => stage.gateway(ordinal).split(':')[0] ?? '';
