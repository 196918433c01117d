/** Judges everything that a simulator saw against the demands that can be seen from Microsoft's side. */
import { title, type SimulatorLog } from '../log.ts';
import { dialogRequirements } from './dialogs.ts';
import { inviteRequirements } from './invites.ts';
import { optionsRequirements } from './options.ts';
import type { Requirement } from './requirement.ts';
import { sortOut } from './seen.ts';

export interface Finding {
  readonly id: string;
  readonly demand: string;
  readonly verdict: 'kept' | 'broken' | 'not seen';
  readonly why?: string;
  /** The message that broke it. */
  readonly message?: {
    readonly atMs: number;
    readonly title: string;
    readonly dataCentre: string;
    readonly text: string;
  };
}

/** In the order of docs/teams-direct-routing.md. */
export const requirements: readonly Requirement[] = [
  ...optionsRequirements,
  ...inviteRequirements,
  ...dialogRequirements,
];

/** `dataCentres`: the hosts that the SBC should know. `nowMs`: since the simulator's start; what has not come by then is missing. */
export function examine(log: SimulatorLog, dataCentres: readonly string[], nowMs = log.nowMs): Finding[] {
  const seen = { ...sortOut(log, dataCentres), nowMs };
  return requirements.map(({ id, demand, examine: judge }) => {
    const outcome = judge(seen);
    if (outcome.verdict !== 'broken') return { id, demand, verdict: outcome.verdict };
    const { why, entry } = outcome;
    const { atMs = 0, dataCentre = '', text = '' } = entry ?? {};
    const message = entry && { atMs, title: title(entry.message), dataCentre, text: withoutKeys(text) };
    return { id, demand, verdict: 'broken', why, ...(message === undefined ? {} : { message }) };
  });
}

/** SRTP keys are secrets, also those of a test call: reports are mailed around. */
export const withoutKeys = (text: string): string => text.replace(/inline:[^|\s]+/g, 'inline:…');

/** One line a demand, the broken ones with their reason below. */
export function table(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ id, demand, verdict, why, message }) => {
    const at = message ? ` [${message.title} at ${message.atMs} ms, ${message.dataCentre}]` : '';
    return [
      `${id.padEnd(5)} ${verdict.padEnd(9)} ${demand}`,
      ...(why === undefined ? [] : [`${' '.repeat(16)}${why}${at}`]),
    ];
  });
  const count = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict).length;
  return [...lines, `${count('kept')} kept, ${count('broken')} broken, ${count('not seen')} not seen`, ''].join('\n');
}
