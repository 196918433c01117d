/**
 * Which certificate serves under a name: what its Secret holds now, or what served before, where that is better. A Secret is
 * refused by itself: a renewal that went wrong must hold up neither calls nor the next routing state. The same for a trust
 * bundle that nobody can read. Pure.
 */
import { X509Certificate } from 'node:crypto';
import { fingerprintOf, type KeptFiles, type LoadedDocument, type TrustFiles } from './settings/document-files.ts';
import { isFatal, tlsSources } from './tls-sources.ts';
import { TlsMaterial, type CertificateSource, type TlsProblem } from './transport/tls-material.ts';
import { carriesName } from './transport/tls-verifier.ts';

export interface RefusedCertificate {
  /** Of the entry in the document. */
  readonly name: string;
  /** A sentence without its subject; no full stop. */
  readonly problem: string;
}

export interface ChosenCertificates {
  /** With the certificates and trust bundles that serve. */
  readonly document: LoadedDocument;
  readonly refused: readonly RefusedCertificate[];
  /** Bundles that nobody can read; those of before serve. */
  readonly keptBundles: readonly KeptFiles[];
}

/** That are told; thousands of trunks may want one certificate. */
const MAX_NAMES = 5;

/** @param before in force; a name that it does not have takes what the Secret holds */
export function chooseCertificates(
  document: LoadedDocument,
  before: LoadedDocument,
  { ordinal, nowMs }: { readonly ordinal: number; readonly nowMs: number },
): ChosenCertificates {
  const refused: RefusedCertificate[] = [];
  const sources = tlsSources(document, ordinal).certificates;
  const certificates = document.certificates.map((entry, at) => {
    const [inForce, source] = [before.certificates.find(({ name }) => name === entry.name), sources[at]];
    if (inForce === undefined || source === undefined) return entry;
    const old = { ...source, chain: inForce.certificate, key: inForce.key };
    const problem = entry.missing?.message ?? whyWorse(source, old, nowMs);
    if (problem === undefined) return entry;
    refused.push({ name: entry.name, problem });
    return inForce;
  });
  const keptBundles: KeptFiles[] = [];
  const trustBundles = document.trustBundles.map((entry) => {
    const inForce = before.trustBundles.find(({ name }) => name === entry.name);
    const isSame = sourceOf(document, entry.name) === sourceOf(before, entry.name);
    if (inForce === undefined || !isSame || inForce.roots === entry.roots) return entry;
    const problem = whyUnreadable(entry);
    if (problem === undefined) return entry;
    keptBundles.push({ name: entry.name, problem });
    return inForce;
  });
  if (refused.length === 0 && keptBundles.length === 0) return { document, refused, keptBundles };
  const chosen = { ...document, certificates, trustBundles };
  return { document: { ...chosen, fingerprint: fingerprintOf(chosen) }, refused, keptBundles };
}

/** Undefined: it is not. Both with the names of today. */
function whyWorse(source: CertificateSource, old: CertificateSource, nowMs: number): string | undefined {
  if (source.chain === old.chain && source.key === old.key) return undefined;
  const problems = problemsOf(source, nowMs);
  if (problems.length === 0) return undefined;
  const fatal = problems.find(isFatal);
  if (fatal !== undefined) return fatal.detail;
  // One that peers refuse has nothing to lose.
  if (problemsOf(old, nowMs).some((problem) => isFatal(problem) || isOutsideDates(problem))) return undefined;
  return problems.find(isOutsideDates)?.detail ?? lostNames(source, old);
}

function lostNames(source: CertificateSource, old: CertificateSource): string | undefined {
  const [leaf, oldLeaf] = [new X509Certificate(source.chain), new X509Certificate(old.chain)];
  const lost = (source.names ?? []).filter((name) => carriesName(oldLeaf, [name]) && !carriesName(leaf, [name]));
  if (lost.length === 0) return undefined;
  const more = lost.length > MAX_NAMES ? ` and ${lost.length - MAX_NAMES} more` : '';
  return `subjectAltName lacks ${lost.slice(0, MAX_NAMES).join(', ')}${more}`;
}

function problemsOf(source: CertificateSource, nowMs: number): readonly TlsProblem[] {
  return new TlsMaterial().replace({ certificates: [source], bundles: [], trunks: [] }, nowMs);
}

function sourceOf({ state }: LoadedDocument, bundle: string): string {
  return JSON.stringify(state.trustBundles.find(({ name }) => name === bundle)?.source);
}

/** Undefined: it is not. */
function whyUnreadable(bundle: TrustFiles): string | undefined {
  return new TlsMaterial().replace({ certificates: [], bundles: [bundle], trunks: [] }, 0)[0]?.detail;
}

const isOutsideDates = ({ problem }: TlsProblem): boolean => problem === 'expired' || problem === 'not-yet-valid';
