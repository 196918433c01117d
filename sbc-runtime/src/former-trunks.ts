/**
 * Trunks of earlier documents that still have calls. Calls keep what they began with: the rules that let their peers in, and
 * the certificate that we dial them with, stay beside what is new until the last of these calls is over. Pure.
 */
import { maxTrunks, type RoutingState } from '@teams-sbc/crds/runtime';
import type { CertificateFiles, LoadedDocument, TrustFiles } from './settings/document-files.ts';
import type { AdmissionRules } from './transport/admission.ts';
import type { TlsSources } from './transport/tls-material.ts';

export interface FormerTrunk {
  readonly trunk: RoutingState['trunks'][number];
  readonly listener: RoutingState['listeners'][number] | undefined;
  readonly certificate: CertificateFiles | undefined;
  readonly trustBundle: RoutingState['trustBundles'][number] | undefined;
  readonly trust: TrustFiles | undefined;
  /** On the clock: legs that began later do not need it. */
  readonly retiredMs: number;
  /** When a leg was last seen to need it. */
  readonly neededMs: number;
}

/** Who has legs, and since when: the clock's milliseconds at the beginning of the oldest, by trunk. */
export interface TrunkUse {
  readonly trunksInUse: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

/** 64*T1 of RFC 3261: so long a peer repeats its BYE where our 200 was lost. */
const FAREWELL_MS = 32_000;
/** The latest stay; each document can add as many as it has trunks. */
const MAX_FORMER = maxTrunks;

/** With the trunks that `next` lacks or lets in by other rules, as far as they have legs. */
export function afterReplacement(
  former: readonly FormerTrunk[],
  before: LoadedDocument,
  next: LoadedDocument,
  use: TrunkUse,
): readonly FormerTrunk[] {
  const inForce = new Set(next.state.trunks.map(ruleKey));
  const replaced = before.state.trunks
    .filter((trunk) => use.trunksInUse.has(trunk.name))
    .map((trunk) => formerTrunk(trunk, before, use.nowMs));
  return stillNeeded([...former, ...replaced], use)
    .filter(({ trunk }) => !inForce.has(ruleKey(trunk)))
    .slice(-MAX_FORMER);
}

/** Without those whose calls are over. */
export function stillNeeded(former: readonly FormerTrunk[], { trunksInUse, nowMs }: TrunkUse): readonly FormerTrunk[] {
  return former
    .map((entry) => {
      const oldestMs = trunksInUse.get(entry.trunk.name);
      return oldestMs !== undefined && oldestMs <= entry.retiredMs ? { ...entry, neededMs: nowMs } : entry;
    })
    .filter(({ neededMs }) => nowMs - neededMs < FAREWELL_MS);
}

export function formerRules(former: readonly FormerTrunk[]): AdmissionRules {
  return {
    listeners: oneEach(former.map(({ listener }) => listener)),
    trunks: former.map(({ trunk }) => trunk),
    trustBundles: oneEach(former.map(({ trustBundle }) => trustBundle)),
  };
}

/** What has the same name in `sources` counts alone: a renewed certificate is renewed for calls that stand as well. */
export function withFormer(sources: TlsSources, former: readonly FormerTrunk[]): TlsSources {
  const certificates = former.map(({ certificate }) =>
    certificate === undefined
      ? undefined
      : { name: certificate.name, chain: certificate.certificate, key: certificate.key },
  );
  return {
    certificates: oneEach([...sources.certificates, ...certificates]),
    bundles: oneEach([...sources.bundles, ...former.map(({ trust }) => trust)]),
    trunks: oneEach([
      ...sources.trunks,
      ...former.map(({ trunk: { name, listener, tls } }) => ({
        name,
        listener,
        ...(tls === undefined ? {} : { tls }),
      })),
    ]),
  };
}

function formerTrunk(trunk: RoutingState['trunks'][number], document: LoadedDocument, nowMs: number): FormerTrunk {
  const { state, certificates, trustBundles } = document;
  return {
    trunk,
    listener: state.listeners.find(({ name }) => name === trunk.listener),
    certificate: certificates.find(({ name }) => name === trunk.tls?.certificate),
    trustBundle: state.trustBundles.find(({ name }) => name === trunk.tls?.trustBundle),
    trust: trustBundles.find(({ name }) => name === trunk.tls?.trustBundle),
    retiredMs: nowMs,
    neededMs: nowMs,
  };
}

/** What decides who is let in as this trunk. */
function ruleKey({ kind, name, listener, allowCIDRs, tls }: RoutingState['trunks'][number]): string {
  return JSON.stringify([kind, name, listener, allowCIDRs, tls?.trustBundle, tls?.peerNames]);
}

/** The first of each name. */
function oneEach<Named extends { readonly name: string }>(entries: readonly (Named | undefined)[]): Named[] {
  const byName = new Map<string, Named>();
  for (const entry of entries) if (entry !== undefined && !byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
