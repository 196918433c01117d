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
 * What makes a document unusable. A certificate outside its dates, or without one of the names, does not: calls that
 * still work must go on, a trunk whose name is not covered yet must not hold up all others, and status tells.
 */
export function fatalTlsProblems(sources: TlsSources, nowMs: number): readonly Problem[] {
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

/** Nobody can serve by it. */
export const isFatal = ({ problem }: TlsProblem): boolean => problem === 'unreadable' || problem === 'key-mismatch';
