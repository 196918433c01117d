/** Who may talk to us at all: source ranges, and on TLS the certificate. Compiled from the routing state, replaced as a whole. */
import type { X509Certificate } from 'node:crypto';
import type { BlockList } from 'node:net';
import type { TransportProtocol } from '../sip/hop.ts';
import { CidrSet } from './cidr-set.ts';
import { carriesName, verifyChain, verifyPeer } from './tls-verifier.ts';
import type { CertificateRefusal, ChainRule } from './tls-verifier.ts';

export type PeerVerdict =
  | { readonly ok: true; readonly trunks: readonly string[]; readonly formerTrunks: readonly string[] }
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
  /** The same by rules of earlier documents, which calls of that time still need. */
  formerTrunksAt(listener: string, address: string): readonly string[];
  /** A peer that dialled a TLS listener. `chain`: the leaf first. */
  judgePeer(listener: string, address: string, chain: readonly X509Certificate[], nowMs: number): PeerVerdict;
  judgeDialled(peer: DialledPeer, nowMs: number): DialledVerdict;
}

export interface DialledVerdict {
  /** `ok` lets us send. */
  readonly verdict: 'ok' | CertificateRefusal;
  /** Its own requests are let in. */
  readonly mayCall: boolean;
  /** Its own requests are let in inside the dialogs that it has. */
  readonly mayGoOn: boolean;
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
const noRules: AdmissionRules = { listeners: [], trunks: [], trustBundles: [] };

type Verdicts = Map<string, 'ok' | CertificateRefusal>;

interface Compiled {
  readonly ranges: ReadonlyMap<string, Range>;
  readonly trunks: ReadonlyMap<string, AdmissionTrunk>;
  readonly microsoftBundles: ReadonlySet<string>;
}

/** Throws a RangeError for a range that cannot be read; then the rules in force stay. */
export class AdmissionPolicy implements Admission {
  readonly #roots: Roots;
  #compiled: Compiled;
  #former = compile(noRules);

  /** `roots` is asked at each handshake, so that a replaced bundle counts at once. */
  constructor(dependencies: { readonly rules: AdmissionRules; readonly roots: Roots }) {
    this.#roots = dependencies.roots;
    this.#compiled = compile(dependencies.rules);
  }

  /** `former`: what trunks of earlier documents were let in by, for the calls that they still have. Listeners of one name are one. */
  replace(rules: AdmissionRules, former: AdmissionRules = noRules): void {
    const compiled = compile(rules);
    this.#former = compile(former);
    this.#compiled = compiled;
  }

  trunksAt(listener: string, address: string): readonly string[] {
    return this.#compiled.ranges.get(listener)?.names.at(address) ?? NOBODY;
  }

  formerTrunksAt(listener: string, address: string): readonly string[] {
    return this.#former.ranges.get(listener)?.names.at(address) ?? NOBODY;
  }

  judgePeer(listener: string, address: string, chain: readonly X509Certificate[], nowMs: number): PeerVerdict {
    const now = this.#judgeBy(this.#compiled, { listener, address, chain }, nowMs);
    const before = this.#judgeBy(this.#former, { listener, address, chain }, nowMs);
    if (now.trunks.length + before.trunks.length > 0)
      return { ok: true, trunks: now.trunks, formerTrunks: before.trunks };
    return { ok: false, reason: now.refusal === 'source-not-allowed' ? before.refusal : now.refusal };
  }

  judgeDialled(peer: DialledPeer, nowMs: number): DialledVerdict {
    const isThere = this.#compiled.trunks.has(peer.trunk);
    // The rules of a trunk that is there are the ones that its new calls are sent by: an earlier trust must not serve those.
    const compiled = isThere ? this.#compiled : this.#former;
    const trunk = compiled.trunks.get(peer.trunk);
    if (trunk?.tls === undefined) return { verdict: 'untrusted-root', mayCall: false, mayGoOn: false };
    const { peerNames } = trunk.tls;
    const rule = { ...this.#ruleOf(compiled, trunk, 'server'), names: [peer.host, ...peerNames] };
    // Teams: the hosts of its Contacts and Record-Routes are dialled too, and no document says that their certificates
    // carry more than the trunk's peer names. Such a name proves the trunk's peer just as the dialled one does.
    const verdict = verifyPeer(peer.chain, rule, nowMs);
    const [leaf] = peer.chain;
    // The dialled name may come from a Contact that anybody wrote: it lets nobody call us.
    const isKnown = !isCertificateAsked(trunk) || (leaf !== undefined && carriesName(leaf, peerNames));
    const isPeer = verdict === 'ok' && isKnown;
    return {
      verdict,
      mayCall: isPeer && this.trunksAt(peer.listener, peer.address).includes(trunk.name),
      mayGoOn: isPeer && this.formerTrunksAt(peer.listener, peer.address).includes(trunk.name),
    };
  }

  #judgeBy(
    compiled: Compiled,
    { listener, address, chain }: Pick<DialledPeer, 'listener' | 'address' | 'chain'>,
    nowMs: number,
  ): { readonly trunks: readonly string[]; readonly refusal: 'source-not-allowed' | CertificateRefusal } {
    const verdicts: Verdicts = new Map();
    const trunks: string[] = [];
    let refusal: 'source-not-allowed' | CertificateRefusal = 'source-not-allowed';
    for (const trunk of compiled.ranges.get(listener)?.trunks.at(address) ?? []) {
      const verdict = this.#judgeFor(trunk, verdicts, () =>
        verifyChain(chain, this.#ruleOf(compiled, trunk, 'client'), nowMs),
      );
      const named = verdict === 'ok' ? nameVerdict(trunk, chain) : verdict;
      if (named === 'ok') trunks.push(trunk.name);
      // The name comes last: a chain that is good but for its name tells more than one that is bad for another trunk.
      else if (refusal === 'source-not-allowed' || named === 'name-mismatch') refusal = named;
    }
    return { trunks, refusal };
  }

  #judgeFor(
    trunk: AdmissionTrunk,
    known: Verdicts,
    verify: () => 'ok' | CertificateRefusal,
  ): 'ok' | CertificateRefusal {
    if (trunk.tls === undefined || !isCertificateAsked(trunk)) return 'ok';
    // Trunks mostly share a bundle: its signatures are checked once a handshake, however many trunks there are.
    const key = `${trunk.tls.trustBundle} ${trunk.kind}`;
    let verdict = known.get(key);
    if (verdict === undefined) {
      verdict = verify();
      known.set(key, verdict);
    }
    return verdict;
  }

  #ruleOf({ microsoftBundles }: Compiled, trunk: AdmissionTrunk, role: ChainRule['role']): ChainRule {
    const bundle = trunk.tls?.trustBundle ?? '';
    return {
      roots: this.#roots(bundle),
      role,
      // Teams: its client certificates carry serverAuth alone; waived for the names and roots of such trunks only.
      acceptServerAuthFromClient: trunk.kind === 'TeamsTrunk' || microsoftBundles.has(bundle),
    };
  }
}

function nameVerdict(trunk: AdmissionTrunk, [leaf]: readonly X509Certificate[]): 'ok' | 'name-mismatch' {
  if (trunk.tls === undefined || !isCertificateAsked(trunk)) return 'ok';
  return leaf !== undefined && carriesName(leaf, trunk.tls.peerNames) ? 'ok' : 'name-mismatch';
}

/** A PBX without peer names is known by its source range. Teams: it must always prove its name. */
const isCertificateAsked = (trunk: AdmissionTrunk) =>
  trunk.kind === 'TeamsTrunk' || (trunk.tls?.peerNames.length ?? 0) > 0;

function compile(rules: AdmissionRules): Compiled {
  const ranges = new Map<string, Range>();
  const lists = new Map<string, BlockList>();
  for (const { name, protocol } of rules.listeners) {
    // A TLS rule on a trunk of another protocol would be no rule at all.
    const trunks = rules.trunks.filter(
      (trunk) => trunk.listener === name && (protocol !== 'TLS' || trunk.tls !== undefined),
    );
    ranges.set(name, {
      names: new CidrSet(
        trunks.map((trunk) => ({ cidrs: trunk.allowCIDRs, value: trunk.name })),
        lists,
      ),
      trunks: new CidrSet(
        trunks.map((trunk) => ({ cidrs: trunk.allowCIDRs, value: trunk })),
        lists,
      ),
    });
  }
  const microsoft = rules.trustBundles.filter(({ source }) => 'preset' in source && source.preset === 'MicrosoftTeams');
  return {
    ranges,
    trunks: new Map(rules.trunks.map((trunk) => [trunk.name, trunk])),
    microsoftBundles: new Set(microsoft.map(({ name }) => name)),
  };
}
