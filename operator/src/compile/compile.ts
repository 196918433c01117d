/**
 * The compiler: one instance and what names it become the routing-state document that its pods run. Pure and deterministic:
 * the order of the manifests does not matter. A blocking problem refuses the document; any other leaves one object out.
 */
import type { SbcInstance } from '@teams-sbc/crds';
import {
  canonicalJson,
  documentVersion,
  maxCallRoutes,
  maxNumberPolicies,
  maxRoutingStateLength,
  maxTrunks,
  maxTrustBundles,
  stateProblems,
} from '@teams-sbc/crds/runtime';
import type {
  CallRouteState,
  ListenerState,
  NumberPolicyState,
  RoutingState,
  TrunkState,
} from '@teams-sbc/crds/runtime';
import { attachedTo, compareText, withinLimit } from './attached.ts';
import type { Attached, Manifests } from './attached.ts';
import { compileRoute, routeInputs } from './call-routes.ts';
import type { Known } from './call-routes.ts';
import { certificateSecret } from './certificate-secret.ts';
import { CompileMemo } from './compile-memo.ts';
import { refused } from './compiled.ts';
import type { Compiled } from './compiled.ts';
import { FormerEntries } from './former-entries.ts';
import type { GoesOn, InForce, Present } from './former-entries.ts';
import { orphanNotes } from './derived-trunks.ts';
import type { PodName } from './fqdns.ts';
import { podName, podNames } from './fqdns.ts';
import { compileListeners } from './listeners.ts';
import { compilePolicy } from './number-policies.ts';
import type { Note, Problem } from './problem.ts';
import { conditionOfReason, defaultNamespace, refOf } from './problem.ts';
import { routeNotes } from './route-notes.ts';
import { simpleRoutes } from './simple-routes.ts';
import { collectTrust } from './trust-bundles.ts';
import type { Trust } from './trust-bundles.ts';
import type { Trunk } from './trunk.ts';
import { trunkConflicts } from './trunk-conflicts.ts';
import { compileTrunk, instanceInputs } from './trunks.ts';

export interface Compilation {
  /** Absent where a problem is blocking. */
  readonly state?: RoutingState;
  /** What is in the document, such as `TeamsTrunk/contoso`: the hash of its entry. CallRoutes and NumberPolicies as well. */
  readonly trunkHashes: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
  /** What is in it as it was accepted before, for it is not accepted as it is written, by `Kind/name`: a sentence that says so. */
  readonly former: ReadonlyMap<string, string>;
  readonly notes: readonly Note[];
}

export interface CompileOptions {
  /** Of the pods, by ordinal. Absent: those of `spec.network.addresses`. */
  readonly addresses?: ReadonlyMap<number, { readonly address: string }>;
  /** Trunks such as `PbxTrunk/hq` that name a Secret or ConfigMap which cannot be used: left out, or as they were before. @default none */
  readonly unresolved?: ReadonlySet<string>;
  /** Those of them whose entry in force can still be served. @default none */
  readonly goesOn?: GoesOn;
  /** What the last compilation of this instance has left. @default nothing */
  readonly memo?: CompileMemo;
  /** Where a refused object has its last good entry. @default nowhere: it is left out */
  readonly inForce?: InForce | undefined;
  /** @default the objects are those in `manifests` */
  readonly present?: Present;
}

export function compile(instance: SbcInstance, manifests: Manifests, options: CompileOptions = {}): Compilation {
  const { memo = new CompileMemo() } = options;
  const attached = attachedTo(instance, manifests);
  const listeners = compileListeners(instance);
  const pods = podNames(instance);
  const found: Findings = {
    hashes: new Map(),
    problems: [],
    length: 0,
    former: new FormerEntries(options.inForce, options.present, options.goesOn),
  };
  const unresolved = options.unresolved ?? nothing;
  // What cannot be used takes no name from what is in force.
  const trust = collectTrust(attached.trunks.filter((trunk) => !unresolved.has(keyOf(trunk))));
  const context = { instance, pods, listeners, trust, memo, unresolved, inForce: options.inForce };
  const trunks = compileTrunks(context, attached, found);
  const numberPolicies = compilePolicies(instance, attached, memo, found);
  const { callRoutes, isRouted } = compileRoutes({ instance, attached, memo, trunks }, found);
  memo.sweep();
  const { routes, notes } = isRouted ? { routes: [], notes: [] } : simpleRoutes(instance, attached.trunks, trunks);
  const secret = certificateSecret(instance);
  const state: RoutingState = {
    version: documentVersion,
    instance: { namespace: instance.metadata.namespace ?? defaultNamespace, name: instance.metadata.name },
    pods: compilePods(instance, pods, options.addresses),
    listeners,
    certificates: [{ name: secret, secret }],
    trustBundles: found.former.bundles(trust.bundles, trunks),
    trunks,
    routes,
    ...(callRoutes.length === 0 ? {} : { callRoutes }),
    ...(numberPolicies.length === 0 ? {} : { numberPolicies }),
    ...settings(instance),
  };
  const refusals = [...documentProblems(instance, state), ...sizeProblems(instance, state, found.length)];
  // What was accepted before never stands in the way of what is accepted now.
  if (refusals.length > 0 && found.former.taken.size > 0)
    return compile(instance, manifests, { ...options, inForce: undefined });
  const outcome = {
    trunkHashes: found.hashes,
    problems: [...found.problems, ...refusals],
    former: found.former.taken,
    notes: [...notes, ...orphanNotes(pods, attached.trunks, trunks), ...routeNotes(instance, callRoutes)],
  };
  return refusals.length > 0 ? outcome : { state, ...outcome };
}

interface Findings {
  /** By kind and name. */
  readonly hashes: Map<string, string>;
  readonly problems: Problem[];
  /** Characters of all entries, with a comma for each. */
  length: number;
  readonly former: FormerEntries;
}

interface TrunkContext {
  readonly instance: SbcInstance;
  readonly pods: readonly PodName[];
  readonly listeners: readonly ListenerState[];
  readonly trust: Trust;
  readonly memo: CompileMemo;
  readonly unresolved: ReadonlySet<string>;
  readonly inForce: InForce | undefined;
}

const nothing: ReadonlySet<string> = new Set();

function compileTrunks(context: TrunkContext, attached: Attached, found: Findings): TrunkState[] {
  const { instance, pods, trust, memo, unresolved } = context;
  const { kept, problems } = withinLimit(instance, attached.trunks, maxTrunks);
  const dropped = trunkConflicts(pods, kept);
  found.problems.push(...problems, ...dropped.values());
  const plain = instanceInputs(context);
  const inputs = new Map(trust.bundles.map(({ name }) => [name, `${plain} ${name}`]));
  const trunks: TrunkState[] = [];
  for (const trunk of kept) {
    if (dropped.has(trunk) || unresolved.has(keyOf(trunk))) continue;
    const { tls } = trunk.spec;
    const given = tls === undefined ? plain : inputs.get(trust.nameOf(tls.trust));
    if (given === undefined) found.problems.push(tooManyBundles(instance, trunk));
    else
      take(
        found,
        trunk.kind,
        memo.recall(trunk, given, () => compileTrunk({ ...context, trunk })),
        trunks,
      );
  }
  const today = { ...context, bundles: trust.bundles, trunks, served: found.hashes };
  for (const former of found.former.trunks(found.problems, today))
    take(found, former.entry?.kind ?? '', former, trunks);
  return trunks.sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name));
}

const keyOf = ({ kind, metadata }: Trunk) => `${kind}/${metadata.name}`;

/** One trunk more than fits must not keep the others from what is new. */
function tooManyBundles({ metadata }: SbcInstance, trunk: Trunk): Problem {
  const most = String(maxTrustBundles);
  const message = `found a CA bundle that no older trunk has, allowed ${most} different ones in SbcInstance/${metadata.name}, and it has them: put several certificates into one bundle, or move the trunk to another SbcInstance`;
  return refused(trunk, 'spec.tls.trust.caBundleRef', 'TooMany', message);
}

function compilePolicies(
  instance: SbcInstance,
  attached: Attached,
  memo: CompileMemo,
  found: Findings,
): NumberPolicyState[] {
  const { kept, problems } = withinLimit(instance, attached.numberPolicies, maxNumberPolicies);
  found.problems.push(...problems);
  const policies: NumberPolicyState[] = [];
  for (const policy of kept)
    take(
      found,
      policy.kind,
      memo.recall(policy, '', () => compilePolicy(policy)),
      policies,
    );
  for (const former of found.former.policies(found.problems, found.hashes))
    take(found, 'NumberPolicy', former, policies);
  return policies.sort(byName);
}

interface RouteContext {
  readonly instance: SbcInstance;
  readonly attached: Attached;
  readonly memo: CompileMemo;
  readonly trunks: readonly TrunkState[];
}

function compileRoutes(
  { instance, attached, memo, trunks }: RouteContext,
  found: Findings,
): { readonly callRoutes: CallRouteState[]; readonly isRouted: boolean } {
  const { kept, problems } = withinLimit(instance, attached.callRoutes, maxCallRoutes);
  found.problems.push(...problems);
  const nameable = [...attached.trunks, ...attached.numberPolicies];
  const known: Known = {
    served: new Set(found.hashes.keys()),
    attached: new Set(nameable.map(({ kind, metadata }) => `${kind}/${metadata.name}`)),
  };
  const callRoutes: CallRouteState[] = [];
  let isRouted = false;
  for (const route of kept) {
    const compiled = memo.recall(route, routeInputs(route, known), () => compileRoute(route, known));
    const before = leadsNowhere(compiled) ? found.former.route(route.metadata.name, found.hashes, trunks) : undefined;
    if (before !== undefined) found.problems.push(...compiled.problems);
    take(found, route.kind, before ?? compiled, callRoutes);
    isRouted ||= compiled.problems.every(({ reason }) => conditionOfReason[reason] !== 'Accepted');
  }
  const former = found.former.routes(found.problems, found.hashes, trunks);
  for (const each of former) take(found, 'CallRoute', each, callRoutes);
  return { callRoutes: callRoutes.sort(byName), isRouted: isRouted || former.length > 0 };
}

/** What it names and cannot have has left nothing of it that takes calls. */
function leadsNowhere({ entry, problems }: Compiled<CallRouteState>): boolean {
  if (problems.length === 0 || problems.some(({ reason }) => conditionOfReason[reason] === 'Accepted')) return false;
  return entry === undefined || (entry.destinations.length === 0 && entry.reject === undefined);
}

function take<Entry extends { readonly name: string }>(
  found: Findings,
  kind: string,
  { entry, hash, length = 0, problems }: Compiled<Entry>,
  entries: Entry[],
): void {
  found.problems.push(...problems);
  if (entry === undefined) return;
  entries.push(entry);
  found.length += length + 1;
  found.hashes.set(`${kind}/${entry.name}`, hash);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compareText(a.name, b.name);
}

/** The limits of the contract: what a runtime would refuse is not handed out. */
function documentProblems(instance: SbcInstance, state: RoutingState): Problem[] {
  return stateProblems(state).map(({ message }) => ({
    object: refOf(instance),
    field: 'spec',
    reason: 'DocumentInvalid',
    message: `the routing state made of it is not valid: ${message}`,
    blocking: true,
  }));
}

/** A runtime refuses what is longer unread. @param length of the entries of the three long lists */
function sizeProblems(instance: SbcInstance, state: RoutingState, length: number): Problem[] {
  // The rest is far below the other half even at its limits: most documents need no second look.
  if (length <= maxRoutingStateLength / 2) return [];
  const { callRoutes, numberPolicies, ...rest } = state;
  const head = {
    ...rest,
    trunks: [],
    ...(callRoutes && { callRoutes: [] }),
    ...(numberPolicies && { numberPolicies: [] }),
  };
  const found = length + canonicalJson(head).length;
  if (found <= maxRoutingStateLength) return [];
  const { name } = instance.metadata;
  const message = `the routing state made of it is too large: found ${String(found)} characters, allowed at most ${String(maxRoutingStateLength)}: move trunks, CallRoutes or NumberPolicies from SbcInstance/${name} to another SbcInstance, or shorten their lists of numbers, ranges and names`;
  return [{ object: refOf(instance), field: 'spec', reason: 'DocumentInvalid', message, blocking: true }];
}

function compilePods(
  instance: SbcInstance,
  pods: readonly PodName[],
  addresses: CompileOptions['addresses'],
): RoutingState['pods'] {
  return pods.map(({ ordinal, fqdn }) => {
    const publicAddress = (addresses?.get(ordinal) ?? instance.spec.network.addresses[ordinal])?.address;
    return {
      name: podName(instance, ordinal),
      ordinal,
      fqdn,
      ...(publicAddress === undefined ? {} : { publicAddress }),
    };
  });
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
