/** A runtime's report for a terminal. Pure. */
import type { RuntimeReport, TargetReport } from '@teams-sbc/crds/runtime';

export function statusText(report: RuntimeReport): string {
  const { calls, certificates, draining, hash, pod, refusal, trunks, version } = report;
  const lines = [
    `${pod}  runtime ${version}  ${draining ? 'draining' : 'serving'}  ${String(calls.active)} calls`,
    `  state ${hash ?? 'none yet'}`,
  ];
  if (refusal !== undefined) {
    lines.push(`  refused ${refusal.hash ?? 'a document'} at ${refusal.at}`);
    for (const { message } of refusal.problems) lines.push(`    ${message}`);
  }
  for (const { name, optionsReceivedAt, targets } of trunks) {
    lines.push(`  trunk ${name}${optionsReceivedAt === undefined ? '' : `, OPTIONS received at ${optionsReceivedAt}`}`);
    for (const target of targets) lines.push(`    ${targetText(target)}`);
  }
  for (const { name, names, notAfter } of certificates) {
    lines.push(`  certificate ${name} until ${notAfter} for ${names.join(', ')}`);
  }
  return lines.join('\n');
}

function targetText({ lastFailure, heldUntil, host, lastAnsweredAt, lastStatus, port, state }: TargetReport): string {
  const parts = [`${host}${port === undefined ? '' : `:${String(port)}`}  ${state}`];
  if (lastStatus !== undefined) parts.push(`last ${String(lastStatus)}`);
  if (lastAnsweredAt !== undefined) parts.push(`answered at ${lastAnsweredAt}`);
  if (heldUntil !== undefined) parts.push(`asked us to wait until ${heldUntil}`);
  if (lastFailure !== undefined) parts.push(`last try: ${lastFailure}`);
  return parts.join(', ');
}
