/** Who may talk to us at all: source ranges, and on TLS the certificate. Compiled from the routing state, replaced as a whole. */
import type { X509Certificate } from 'node:crypto';
import type { TransportProtocol } from '../sip/hop.ts';
import { CidrSet } from './cidr-set.ts';
import { carriesName, verifyChain, verifyPeer } from './tls-verifier.ts';
import type { CertificateRefusal, ChainRule } from './tls-verifier.ts';

export type PeerVerdict =
  | { readonly ok: true; readonly trunks: readonly string[] }
  | { readonly ok: false; readonly reason: 'source-not-allowed' | CertificateRefusal };

/** The TLS server at the other end of a connection that we dialled. */
export interface DialledPeer {
  readonly trunk: string;
  /** The name or address that was dialled. */
  readonly host: string;
  readonly listener: string;
  readonly address: string;
  readonly chain: readonly X509Certificate[];
}

export interface Admission {
  /** The trunks whose ranges hold the address. Called for every datagram. */
  trunksAt(listener: string, address: string): readonly string[];
  /** A peer that dialled a TLS listener. `chain`: the leaf first. */
  judgePeer(listener: string, address: string, chain: readonly X509Certificate[], nowMs: number): PeerVerdict;
  /** A peer that we dialled: `ok` lets us send; `mayCall` lets its own requests in as well. */
  judgeDialled(
    peer: DialledPeer,
    nowMs: number,
  ): { readonly verdict: 'ok' | CertificateRefusal; readonly mayCall: boolean };
}

/** The part of a trunk of the routing state that decides; `TrunkState` fits. */
export interface AdmissionTrunk {
  readonly kind: 'TeamsTrunk' | 'PbxTrunk';
  readonly name: string;
  readonly listener: string;
  readonly allowCIDRs: readonly string[];
  readonly tls?: { readonly trustBundle: string; readonly peerNames: readonly string[] } | undefined;
}

export interface AdmissionRules {
  readonly listeners: readonly { readonly name: string; readonly protocol: TransportProtocol }[];
  readonly trunks: readonly AdmissionTrunk[];
  readonly trustBundles: readonly { readonly name: string; readonly source: object }[];
}

export type Roots = (trustBundle: string) => readonly X509Certificate[];

interface Range {
  readonly names: CidrSet<string>;
  readonly trunks: CidrSet<AdmissionTrunk>;
}

const NOBODY: readonly string[] = [];

interface Compiled {
  readonly ranges: ReadonlyMap<string, Range>;
  readonly trunks: ReadonlyMap<string, AdmissionTrunk>;
  readonly microsoftBundles: ReadonlySet<string>;
}

/** Throws a RangeError for a range that cannot be read; then the rules in force stay. */
export class AdmissionPolicy implements Admission {
  readonly #roots: Roots;
  #compiled: Compiled;

  /** `roots` is asked at each handshake, so that a replaced bundle counts at once. */
  constructor(dependencies: { readonly rules: AdmissionRules; readonly roots: Roots }) {
    this.#roots = dependencies.roots;
    this.#compiled = compile(dependencies.rules);
  }

  replace(rules: AdmissionRules): void {
    this.#compiled = compile(rules);
  }

  trunksAt(listener: string, address: string): readonly string[] {
    return this.#compiled.ranges.get(listener)?.names.at(address) ?? NOBODY;
  }

  judgePeer(listener: string, address: string, chain: readonly X509Certificate[], nowMs: number): PeerVerdict {
    const verdicts = new Map<string, 'ok' | CertificateRefusal>();
    const trunks: string[] = [];
    let refusal: 'source-not-allowed' | CertificateRefusal = 'source-not-allowed';
    for (const trunk of this.#compiled.ranges.get(listener)?.trunks.at(address) ?? []) {
      const verdict = this.#judgeFor(trunk, chain, nowMs, verdicts);
      if (verdict === 'ok') trunks.push(trunk.name);
      // The name comes last: a chain that is good but for its name tells more than one that is bad for another trunk.
      else if (refusal === 'source-not-allowed' || verdict === 'name-mismatch') refusal = verdict;
    }
    return trunks.length > 0 ? { ok: true, trunks } : { ok: false, reason: refusal };
  }

  judgeDialled(
    peer: DialledPeer,
    nowMs: number,
  ): { readonly verdict: 'ok' | CertificateRefusal; readonly mayCall: boolean } {
    const trunk = this.#compiled.trunks.get(peer.trunk);
    if (trunk?.tls === undefined) return { verdict: 'untrusted-root', mayCall: false };
    const { peerNames } = trunk.tls;
    const rule = { ...this.#ruleOf(trunk, 'server'), names: [peer.host, ...peerNames] };
    // Teams: the hosts of its Contacts and Record-Routes are dialled too, and no document says that their certificates
    // carry more than the trunk's peer names. Such a name proves the trunk's peer just as the dialled one does.
    const verdict = verifyPeer(peer.chain, rule, nowMs);
    const [leaf] = peer.chain;
    // The dialled name may come from a Contact that anybody wrote: it lets nobody call us.
    const isKnown = !isCertificateAsked(trunk) || (leaf !== undefined && carriesName(leaf, peerNames));
    return {
      verdict,
      mayCall: verdict === 'ok' && isKnown && this.trunksAt(peer.listener, peer.address).includes(trunk.name),
    };
  }

  #judgeFor(
    trunk: AdmissionTrunk,
    chain: readonly X509Certificate[],
    nowMs: number,
    known: Map<string, 'ok' | CertificateRefusal>,
  ): 'ok' | CertificateRefusal {
    if (trunk.tls === undefined || !isCertificateAsked(trunk)) return 'ok';
    // Trunks mostly share a bundle: its signatures are checked once a handshake, however many trunks there are.
    const key = `${trunk.tls.trustBundle} ${trunk.kind}`;
    let verdict = known.get(key);
    if (verdict === undefined) {
      verdict = verifyChain(chain, this.#ruleOf(trunk, 'client'), nowMs);
      known.set(key, verdict);
    }
    if (verdict !== 'ok') return verdict;
    const [leaf] = chain;
    return leaf !== undefined && carriesName(leaf, trunk.tls.peerNames) ? 'ok' : 'name-mismatch';
  }

  #ruleOf(trunk: AdmissionTrunk, role: ChainRule['role']): ChainRule {
    const bundle = trunk.tls?.trustBundle ?? '';
    return {
      roots: this.#roots(bundle),
      role,
      // Teams: its client certificates carry serverAuth alone; waived for the names and roots of such trunks only.
      acceptServerAuthFromClient: trunk.kind === 'TeamsTrunk' || this.#compiled.microsoftBundles.has(bundle),
    };
  }
}

/** A PBX without peer names is known by its source range. Teams: it must always prove its name. */
const isCertificateAsked = (trunk: AdmissionTrunk) =>
  trunk.kind === 'TeamsTrunk' || (trunk.tls?.peerNames.length ?? 0) > 0;

function compile(rules: AdmissionRules): Compiled {
  const ranges = new Map<string, Range>();
  for (const { name, protocol } of rules.listeners) {
    // A TLS rule on a trunk of another protocol would be no rule at all.
    const trunks = rules.trunks.filter(
      (trunk) => trunk.listener === name && (protocol !== 'TLS' || trunk.tls !== undefined),
    );
    ranges.set(name, {
      names: new CidrSet(trunks.map((trunk) => ({ cidrs: trunk.allowCIDRs, value: trunk.name }))),
      trunks: new CidrSet(trunks.map((trunk) => ({ cidrs: trunk.allowCIDRs, value: trunk }))),
    });
  }
  const microsoft = rules.trustBundles.filter(({ source }) => 'preset' in source && source.preset === 'MicrosoftTeams');
  return {
    ranges,
    trunks: new Map(rules.trunks.map((trunk) => [trunk.name, trunk])),
    microsoftBundles: new Set(microsoft.map(({ name }) => name)),
  };
}
