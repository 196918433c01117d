/**
 * The compiler: one instance and its trunks become the routing-state document that its pods run. Pure and deterministic:
 * the order of the manifests does not matter. A blocking problem refuses the document; any other leaves one trunk out.
 */
import { podFqdn } from '@teams-sbc/crds';
import type { SbcInstance } from '@teams-sbc/crds';
import { documentVersion, parseRoutingState } from '@teams-sbc/crds/runtime';
import type { RouteState, RoutingState, TrunkState } from '@teams-sbc/crds/runtime';
import { orphanNotes } from './derived-trunks.ts';
import { ordinals, podName } from './fqdns.ts';
import { compileListeners } from './listeners.ts';
import type { Note, Problem } from './problem.ts';
import { defaultNamespace, refOf } from './problem.ts';
import { certificateSecret } from './certificate-secret.ts';
import type { Trunk } from './trunk.ts';
import { collectTrust } from './trust-bundles.ts';
import { compileTrunk } from './trunks.ts';
import { trunkConflicts } from './trunk-conflicts.ts';

export interface Compilation {
  /** Absent where a problem is blocking. */
  readonly state?: RoutingState;
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
}

export function compile(instance: SbcInstance, candidates: readonly Trunk[]): Compilation {
  const attached = candidates.filter((trunk) => isAttached(instance, trunk)).toSorted(byAge);
  const listeners = compileListeners(instance);
  const problems: Problem[] = [];
  const dropped = trunkConflicts(instance, attached);
  problems.push(...dropped.values());
  const trust = collectTrust(attached);
  const trunks: TrunkState[] = [];
  for (const trunk of attached) {
    if (dropped.has(trunk)) continue;
    const outcome = compileTrunk({ instance, trunk, listeners, trust });
    if (outcome.kind === 'problem') problems.push(outcome.problem);
    else trunks.push(outcome.trunk);
  }
  trunks.sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name));
  const { routes, notes } = simpleRoutes(instance, attached, trunks);
  const secret = certificateSecret(instance);
  const used = new Set(trunks.map(({ tls }) => tls?.trustBundle));
  const state: RoutingState = {
    version: documentVersion,
    instance: { namespace: instance.metadata.namespace ?? defaultNamespace, name: instance.metadata.name },
    pods: compilePods(instance),
    listeners,
    certificates: [{ name: secret, secret }],
    trustBundles: trust.bundles.filter(({ name }) => used.has(name)),
    trunks,
    routes,
    ...settings(instance),
  };
  const refused = documentProblems(instance, state);
  const allNotes = [...notes, ...orphanNotes(instance, attached, trunks)];
  return refused.length > 0
    ? { problems: [...problems, ...refused], notes: allNotes }
    : { state, problems, notes: allNotes };
}

/** The limits of the contract, such as the number of trunks: what a runtime would refuse is not handed out. */
function documentProblems(instance: SbcInstance, state: RoutingState): Problem[] {
  const parsed = parseRoutingState(JSON.stringify(state));
  if (parsed.ok) return [];
  return parsed.problems.map(({ message }) => ({
    object: refOf(instance),
    field: 'spec',
    reason: 'DocumentInvalid',
    message: `the routing state made of it is not valid: ${message}`,
    blocking: true,
  }));
}

function isAttached(instance: SbcInstance, trunk: Trunk): boolean {
  return (
    trunk.spec.sbcRef.name === instance.metadata.name &&
    (trunk.metadata.namespace ?? defaultNamespace) === (instance.metadata.namespace ?? defaultNamespace)
  );
}

/** The oldest first: it keeps what two trunks want. Manifests without a date (local mode) stand in order of kind and name. */
function byAge(a: Trunk, b: Trunk): number {
  return (
    compareText(creation(a), creation(b)) ||
    compareText(b.kind, a.kind) ||
    compareText(a.metadata.name, b.metadata.name)
  );
}

function creation(trunk: Trunk): string {
  return trunk.metadata.creationTimestamp ?? '';
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function compilePods(instance: SbcInstance): RoutingState['pods'] {
  return ordinals(instance).map((ordinal) => {
    const publicAddress = instance.spec.network.addresses[ordinal]?.address;
    return {
      name: podName(instance, ordinal),
      ordinal,
      fqdn: podFqdn(instance, ordinal),
      ...(publicAddress === undefined ? {} : { publicAddress }),
    };
  });
}

/**
 * The simple case needs no routing: one TeamsTrunk and one PbxTrunk are each other's destination. What counts is how many
 * the instance has, not how many are served: a second trunk that is left out for a fault must not make the first a default.
 */
function simpleRoutes(
  instance: SbcInstance,
  attached: readonly Trunk[],
  served: readonly TrunkState[],
): { routes: RouteState[]; notes: Note[] } {
  const count = (kind: Trunk['kind']) => attached.filter((trunk) => trunk.kind === kind).length;
  const teams = served.find(({ kind }) => kind === 'TeamsTrunk');
  const pbx = served.find(({ kind }) => kind === 'PbxTrunk');
  if (count('TeamsTrunk') !== 1 || count('PbxTrunk') !== 1) {
    const message = `no default route: it is made for exactly one TeamsTrunk and one PbxTrunk, found ${String(count('TeamsTrunk'))} and ${String(count('PbxTrunk'))}; calls are answered 404`;
    return { routes: [], notes: [{ object: refOf(instance), message }] };
  }
  if (teams === undefined || pbx === undefined) {
    const message = 'no default route: one of its two trunks is left out for the problem above';
    return { routes: [], notes: [{ object: refOf(instance), message }] };
  }
  return {
    routes: [
      { from: pbx.name, to: [teams.name] },
      { from: teams.name, to: [pbx.name] },
    ],
    notes: [],
  };
}

function settings(instance: SbcInstance): Pick<RoutingState, 'media' | 'limits' | 'calls' | 'drain' | 'logLevel'> {
  const { calls, capacity, drain, media, observability } = instance.spec;
  return {
    media: { engine: media.engine },
    limits: { maxCalls: capacity.maxCalls, maxCallsPerSecond: capacity.maxCallsPerSecond },
    calls: { ringTimeoutSeconds: calls.ringTimeoutSeconds },
    drain: { timeoutSeconds: drain.timeoutSeconds },
    logLevel: observability.logLevel,
  };
}
