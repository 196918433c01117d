/** Whether the pods run something as it is written now. Pure. */
import type { ReasonOf } from '@teams-sbc/crds';
import type { ConditionOutcome } from './condition-outcome.ts';
import type { PodView } from './pod-view.ts';

export type Programmed = ConditionOutcome<ReasonOf<'PbxTrunk', 'Programmed'>>;

export interface ProgrammedFacts {
  readonly pods: readonly PodView[];
  /** Why it is in no routing state at all; undefined: it is in the wanted one. */
  readonly leftOut: string | undefined;
  /** What the API server refused when it was to be applied; undefined: nothing. */
  readonly failure: string | undefined;
  /** The document that pods should run. */
  readonly wanted: string | undefined;
  /** Whether a document holds it as it is now. */
  readonly isIn: (hash: string) => boolean;
  /** How long ago `wanted` became so. */
  readonly wantedForMs: number;
}

/** After this long a pod that lags behind is worth a look. */
const PATIENCE_MS = 10_000;

export function programmed({ pods, leftOut, failure, wanted, isIn, wantedForMs }: ProgrammedFacts): Programmed {
  if (leftOut !== undefined) return no('NotAccepted', leftOut);
  if (failure !== undefined) return no('ApplyFailed', failure);
  if (wanted === undefined) return no('Pending', 'the routing state is not written yet');
  const ready = pods.filter(({ isReady }) => isReady);
  if (ready.length === 0)
    // One sentence, however many there are: a StatefulSet that grows is no news for thousands of trunks.
    return no('NoReadyPod', 'no pod is ready');
  const silent = ready.filter(({ answers }) => !answers);
  const behind = ready.filter(({ answers, hash }) => answers && (hash === undefined || !isIn(hash)));
  const refuser = behind.find(({ refusal }) => refusal !== undefined && refusal.hash === wanted);
  if (refuser !== undefined)
    return no(
      'DocumentRefused',
      `${refuser.name} refused it: ${refuser.refusal?.problems[0]?.message ?? 'no reason given'}`,
    );
  if (behind.length > 0) {
    const message = `${counted(ready.length - behind.length - silent.length, ready.length)} it, missing: ${namesOf(behind)}`;
    return no(wantedForMs < PATIENCE_MS ? 'Pending' : 'PodsOutOfSync', message);
  }
  if (silent.length > 0) {
    const [first] = silent;
    const why = first?.failure === undefined ? 'not asked yet' : first.failure;
    return { status: 'Unknown', reason: 'PodsSilent', message: `no word from ${namesOf(silent)}: ${why}` };
  }
  return { status: 'True', reason: 'InSync', message: `${counted(ready.length, ready.length)} it` };
}

function no(reason: Programmed['reason'], message: string): Programmed {
  return { status: 'False', reason, message };
}

const counted = (count: number, all: number) =>
  all === 1 && count === 1 ? 'the ready pod runs' : `${String(count)} of ${String(all)} ready pods run`;

const MOST_NAMES = 8;

export function namesOf(pods: readonly { readonly name: string }[]): string {
  const names = pods.slice(0, MOST_NAMES).map(({ name }) => name);
  return pods.length > MOST_NAMES
    ? `${names.join(', ')} and ${String(pods.length - MOST_NAMES)} more`
    : names.join(', ');
}
