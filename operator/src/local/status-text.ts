/** A runtime's report for a terminal. Pure. */
import type { CertificateReport, RuntimeReport, TargetReport } from '@teams-sbc/crds/runtime';

export function statusText(report: RuntimeReport): string {
  const { advertised, calls, certificates, draining, overloaded, hash, pod, refusal, trunks, version } = report;
  const lines = [
    `${pod}  runtime ${version}  ${draining ? 'draining' : overloaded === true ? 'overloaded' : 'serving'}  ${String(calls.active)} calls`,
    `  state ${hash ?? 'none yet'}`,
  ];
  if (advertised !== undefined)
    lines.push(`  known to Teams as ${advertised.fqdn}, media ${mediaText(advertised.mediaAddress)}`);
  if (refusal !== undefined) {
    lines.push(`  refused ${refusal.hash ?? 'a document'} at ${refusal.at}`);
    for (const { message } of refusal.problems) lines.push(`    ${message}`);
  }
  for (const { name, optionsReceivedAt, targets } of trunks) {
    lines.push(`  trunk ${name}${optionsReceivedAt === undefined ? '' : `, OPTIONS received at ${optionsReceivedAt}`}`);
    for (const target of targets) lines.push(`    ${targetText(target)}`);
  }
  for (const certificate of certificates) lines.push(...certificateLines(certificate));
  return lines.join('\n');
}

const mediaText = (address: string | undefined) => (address === undefined ? 'elsewhere' : `at ${address}`);

function certificateLines({ name, names, notAfter, daysLeft, keyUsages, findings }: CertificateReport): string[] {
  const left = daysLeft === undefined ? '' : ` (${String(daysLeft)} days left)`;
  const uses = keyUsages === undefined ? '' : `, to be used as ${keyUsages.join(', ')}`;
  return [
    `  certificate ${name} until ${notAfter}${left} for ${names.join(', ')}${uses}`,
    ...(findings ?? []).map(({ severity, message }) => `    ${severity}: it ${message}`),
  ];
}

function targetText({ lastFailure, heldUntil, host, lastAnsweredAt, lastStatus, port, state }: TargetReport): string {
  const parts = [`${host}${port === undefined ? '' : `:${String(port)}`}  ${state}`];
  if (lastStatus !== undefined) parts.push(`last ${String(lastStatus)}`);
  if (lastAnsweredAt !== undefined) parts.push(`answered at ${lastAnsweredAt}`);
  if (heldUntil !== undefined) parts.push(`asked us to wait until ${heldUntil}`);
  if (lastFailure !== undefined) parts.push(`last try: ${lastFailure}`);
  return parts.join(', ');
}
