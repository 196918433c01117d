/**
 * The entries that refused manifests had in the document in force: a trunk, route or policy that is changed into something
 * that cannot be served, or that names what is not there, goes on as it was accepted before. Pure. An entry that does not fit
 * into the document of today is not taken.
 */
import type { SbcInstance } from '@teams-sbc/crds';
import { canonicalJson, hashText, maxTrustBundles } from '@teams-sbc/crds/runtime';
import type {
  CallRouteState,
  ListenerState,
  NumberPolicyState,
  RoutingState,
  TrunkState,
} from '@teams-sbc/crds/runtime';
import { certificateSecret } from './certificate-secret.ts';
import type { Compiled } from './compiled.ts';
import { conditionOfReason } from './problem.ts';
import type { Problem } from './problem.ts';

export interface InForce {
  readonly state: RoutingState;
  /** `uid/generation` of the manifests that it was made of, by `Kind/name`. After a restart nobody knows. */
  readonly versions: ReadonlyMap<string, string>;
}

/** Attached objects of today, by `Kind/name`. */
export interface Present {
  /** `uid/generation`. */
  readonly seen: ReadonlyMap<string, string>;
  /** Those that break a rule of this release, which the compiler is not given. */
  readonly invalid: ReadonlySet<string>;
}

/** Trunks whose references cannot be used today, while those of their entry in force can, by `Kind/name`: more words about it, or none. */
export type GoesOn = ReadonlyMap<string, string>;

type TrustBundle = RoutingState['trustBundles'][number];

export class FormerEntries {
  readonly #inForce: InForce | undefined;
  readonly #present: Present;
  readonly #goesOn: GoesOn;
  /** What is taken from the document in force, by `Kind/name`: a sentence without a full stop that says so. */
  readonly taken = new Map<string, string>();

  constructor(inForce: InForce | undefined, present: Present = nobody, goesOn: GoesOn = nothingMore) {
    this.#inForce = inForce;
    this.#present = present;
    this.#goesOn = goesOn;
  }

  trunks(problems: readonly Problem[], today: Today): Compiled<TrunkState>[] {
    const refused = this.#refused(problems, today.served, this.#goesOn.keys());
    const names = new Set(today.trunks.map(({ name }) => name));
    const fqdns = new Set(today.trunks.flatMap(fqdnsOf));
    return this.#take(
      this.#inForce?.state.trunks ?? [],
      ({ kind, name }) => `${kind}/${name}`,
      refused,
      (trunk) => {
        if (names.has(trunk.name) || fqdnsOf(trunk).some((fqdn) => fqdns.has(fqdn)) || !isServable(trunk, today))
          return undefined;
        names.add(trunk.name);
        for (const fqdn of fqdnsOf(trunk)) fqdns.add(fqdn);
        const certificate = certificateSecret(today.instance);
        return trunk.tls === undefined ? trunk : { ...trunk, tls: { ...trunk.tls, certificate } };
      },
    );
  }

  policies(problems: readonly Problem[], served: ReadonlyMap<string, string>): Compiled<NumberPolicyState>[] {
    const entries = this.#inForce?.state.numberPolicies ?? [];
    return this.#take(
      entries,
      ({ name }) => `NumberPolicy/${name}`,
      this.#refused(problems, served),
      (policy) => policy,
    );
  }

  /** What a route names and is there no more is taken out of it, as `call-routes.ts` does. */
  routes(
    problems: readonly Problem[],
    served: ReadonlyMap<string, string>,
    trunks: readonly TrunkState[],
  ): Compiled<CallRouteState>[] {
    const names = new Set(trunks.map(({ name }) => name));
    const entries = this.#inForce?.state.callRoutes ?? [];
    return this.#take(
      entries,
      ({ name }) => `CallRoute/${name}`,
      this.#refused(problems, served),
      (route) => {
        const { calledPolicy, callingPolicy, ...rest } = route;
        if (route.from !== undefined && !names.has(route.from)) return undefined;
        const policies = [calledPolicy, callingPolicy].filter((name) => name !== undefined);
        if (policies.some((name) => !served.has(`NumberPolicy/${name}`))) return { ...rest, destinations: [] };
        return { ...route, destinations: route.destinations.filter(({ trunk }) => names.has(trunk)) };
      },
    );
  }

  /** Of a route that leads nowhere, for it names what is not there: undefined where that was no better. */
  route(
    name: string,
    served: ReadonlyMap<string, string>,
    trunks: readonly TrunkState[],
  ): Compiled<CallRouteState> | undefined {
    const key = `CallRoute/${name}`;
    if (!this.#isTheSame(key)) return undefined;
    const names = new Set(trunks.map((trunk) => trunk.name));
    const entries = (this.#inForce?.state.callRoutes ?? []).filter((route) => route.name === name);
    const [former] = this.#take(
      entries,
      () => key,
      new Set([key]),
      (route) => (isWhole(route, names, served) ? route : undefined),
    );
    return former;
  }

  /** Where the trust bundles of `trunks` are none of today's, those in force: they have the same name. */
  bundles(today: readonly TrustBundle[], trunks: readonly TrunkState[]): TrustBundle[] {
    const used = new Set(trunks.map(({ tls }) => tls?.trustBundle));
    const names = new Set(today.map(({ name }) => name));
    const former = (this.#inForce?.state.trustBundles ?? []).filter(({ name }) => used.has(name) && !names.has(name));
    const all = [...today.filter(({ name }) => used.has(name)), ...former];
    return former.length === 0 ? all : all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #take<Entry extends object>(
    entries: readonly Entry[],
    keyOf: (entry: Entry) => string,
    refused: ReadonlySet<string>,
    fit: (entry: Entry) => Entry | undefined,
  ): Compiled<Entry>[] {
    if (refused.size === 0) return [];
    return entries.flatMap((former) => {
      const key = keyOf(former);
      const entry = refused.has(key) ? fit(former) : undefined;
      if (entry === undefined) return [];
      this.taken.set(key, this.#sentence(key));
      const text = canonicalJson(entry);
      return [{ entry, hash: hashText(text), length: text.length, problems: [] }];
    });
  }

  /** Not accepted, and left out for it. One too many was not meant to stay. */
  #refused(
    problems: readonly Problem[],
    served: ReadonlyMap<string, string>,
    unresolved: Iterable<string> = [],
  ): ReadonlySet<string> {
    if (this.#inForce === undefined) return none;
    const keys = problems
      .filter(({ reason }) => conditionOfReason[reason] === 'Accepted' && reason !== 'TooMany')
      .map(({ object }) => `${object.kind}/${object.name}`);
    const all = [...keys, ...this.#present.invalid, ...unresolved];
    return new Set(all.filter((key) => !served.has(key) && this.#isTheSame(key)));
  }

  /** A namesake that was created anew has no past. */
  #isTheSame(key: string): boolean {
    const before = this.#inForce?.versions.get(key);
    const now = this.#present.seen.get(key);
    return before === undefined || now === undefined || uidOf(before) === uidOf(now);
  }

  #sentence(key: string): string {
    const version = this.#inForce?.versions.get(key);
    const which = version === undefined ? '' : ` (generation ${version.slice(uidOf(version).length + 1)})`;
    const more = this.#goesOn.get(key) ?? '';
    return `what was accepted before${which} stays in force${more === '' ? '' : `; ${more}`}`;
  }
}

/** What an entry has to fit in. */
export interface Today {
  readonly instance: SbcInstance;
  readonly listeners: readonly ListenerState[];
  readonly bundles: readonly TrustBundle[];
  readonly inForce: InForce | undefined;
  readonly trunks: readonly TrunkState[];
  readonly served: ReadonlyMap<string, string>;
}

const none: ReadonlySet<string> = new Set();
const nobody: Present = { seen: new Map(), invalid: none };
const nothingMore: GoesOn = new Map();

const uidOf = (version: string) => version.slice(0, version.lastIndexOf('/'));

const fqdnsOf = (trunk: TrunkState): readonly string[] => (trunk.kind === 'TeamsTrunk' ? trunk.fqdns : []);

/** Everything that it names is in the document. */
function isWhole(
  { from, calledPolicy, callingPolicy, destinations }: CallRouteState,
  trunks: ReadonlySet<string>,
  served: ReadonlyMap<string, string>,
): boolean {
  if (from !== undefined && !trunks.has(from)) return false;
  const policies = [calledPolicy, callingPolicy].filter((name) => name !== undefined);
  return (
    policies.every((name) => served.has(`NumberPolicy/${name}`)) && destinations.every(({ trunk }) => trunks.has(trunk))
  );
}

function isServable(trunk: TrunkState, { instance, listeners, bundles, inForce }: Today): boolean {
  const protocol = trunk.kind === 'TeamsTrunk' ? 'TLS' : trunk.protocol;
  const listener = listeners.find(({ name }) => name === trunk.listener);
  if (listener?.serves !== trunk.kind || listener.protocol !== protocol) return false;
  if (trunk.kind === 'TeamsTrunk' && trunk.fqdns.length < instance.spec.replicas) return false;
  if (trunk.tls === undefined) return true;
  const { trustBundle } = trunk.tls;
  const isNamed = ({ name }: TrustBundle) => name === trustBundle;
  const former = inForce?.state.trustBundles.find(isNamed);
  if (former === undefined) return false;
  const present = bundles.find(isNamed);
  if (present === undefined) return bundles.length < maxTrustBundles;
  return canonicalJson(present) === canonicalJson(former);
}
