/** From a loaded document to what the transport room's TLS needs, judged before it is put in force. */
import type { Problem, RoutingState } from '@teams-sbc/crds/runtime';
import type { LoadedDocument } from './settings/document-files.ts';
import { TlsMaterial, type TlsProblem, type TlsSources } from './transport/tls-material.ts';

export function tlsSources(document: LoadedDocument, ordinal: number): TlsSources {
  const { state, certificates, trustBundles } = document;
  return {
    certificates: certificates.map((entry) => ({
      name: entry.name,
      chain: entry.certificate,
      key: entry.key,
      names: namesUnder(entry.name, state, ordinal),
    })),
    bundles: trustBundles,
    trunks: state.trunks.map((trunk) => ({
      name: trunk.name,
      listener: trunk.listener,
      ...(trunk.tls === undefined ? {} : { tls: trunk.tls }),
    })),
  };
}

/** The names of this pod under which the certificate is shown. */
function namesUnder(certificate: string, state: RoutingState, ordinal: number): string[] {
  const podName = state.pods.find((pod) => pod.ordinal === ordinal)?.fqdn;
  const names = state.trunks.flatMap((trunk) => {
    if (trunk.tls?.certificate !== certificate) return [];
    return [trunk.kind === 'TeamsTrunk' ? trunk.fqdns[ordinal] : podName];
  });
  return [...new Set(names.filter((name) => name !== undefined))];
}

/**
 * What makes a document unusable. A certificate outside its dates, or without one of the names, does so only where it
 * would take the place of one that is good: else calls that still work must go on, a trunk whose name is not covered yet
 * must not hold up all others, and status tells.
 *
 * @param before in force; undefined: nothing is
 */
export function fatalTlsProblems(sources: TlsSources, nowMs: number, before?: TlsSources): readonly Problem[] {
  const isFatal = (problem: TlsProblem) =>
    !isFlaw(problem) || (before !== undefined && hasGood(problem.name, sources, before, nowMs));
  return new TlsMaterial()
    .replace(sources, nowMs)
    .filter(isFatal)
    .map(({ subject, name, problem, detail }) => ({
      path: `${subject === 'bundle' ? 'trustBundles' : 'certificates'}.${name}`,
      message: `Cannot use ${subject} ${name}: ${detail}`,
      found: problem,
      allowed: 'PEM text that is valid now, covers the names and belongs to its key',
    }));
}

const isFlaw = ({ problem }: TlsProblem) =>
  problem === 'expired' || problem === 'not-yet-valid' || problem === 'does-not-cover';

/** The one in force under that name has no flaw, also for the names of today. */
function hasGood(name: string, { certificates }: TlsSources, before: TlsSources, nowMs: number): boolean {
  const names = certificates.find((certificate) => certificate.name === name)?.names ?? [];
  const inForce = before.certificates.find((certificate) => certificate.name === name);
  if (inForce === undefined) return false;
  const today = { certificates: [{ ...inForce, names }], bundles: [], trunks: [] };
  return !new TlsMaterial().replace(today, nowMs).some(isFlaw);
}
