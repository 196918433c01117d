/** What a new routing state changes, and whether a running process can follow. Pure. */
import type { RoutingState } from './document.ts';
import { canonicalJson } from './hash.ts';

export type Section = Exclude<keyof RoutingState, 'version'>;

/**
 * `reconcile`: applied while calls run; calls that run keep what they started with.
 * `restart`: the process keeps the old section; the operator replaces the pod once it is drained.
 */
export type SectionChange = 'none' | 'reconcile' | 'restart';

/** By name. */
export interface NamedChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export interface RoutingStateDiff {
  readonly sections: Readonly<Record<Section, SectionChange>>;
  /** The gravest of `sections`. */
  readonly overall: SectionChange;
  readonly trunks: NamedChanges;
  readonly listeners: NamedChanges;
}

export function diffRoutingState(old: RoutingState, next: RoutingState): RoutingStateDiff {
  const listeners = namedChanges(old.listeners, next.listeners);
  const changeOf = (section: Section, kind: 'reconcile' | 'restart'): SectionChange =>
    isSame(old[section], next[section]) ? 'none' : kind;
  const sections: Record<Section, SectionChange> = {
    instance: changeOf('instance', 'restart'),
    pods: changeOf('pods', 'reconcile'),
    // Contacts of running calls name the old port: a listener that moves or goes would cut them off.
    listeners: changeOf('listeners', listeners.removed.length + listeners.changed.length > 0 ? 'restart' : 'reconcile'),
    certificates: changeOf('certificates', 'reconcile'),
    trustBundles: changeOf('trustBundles', 'reconcile'),
    trunks: changeOf('trunks', 'reconcile'),
    routes: changeOf('routes', 'reconcile'),
    callRoutes: changeOf('callRoutes', 'reconcile'),
    numberPolicies: changeOf('numberPolicies', 'reconcile'),
    // The pod has the sidecar or it has not.
    media: changeOf('media', 'restart'),
    limits: changeOf('limits', 'reconcile'),
    calls: changeOf('calls', 'reconcile'),
    drain: changeOf('drain', 'reconcile'),
    logLevel: changeOf('logLevel', 'reconcile'),
  };
  return {
    sections,
    overall: gravest(Object.values(sections)),
    trunks: namedChanges(old.trunks, next.trunks),
    listeners,
  };
}

function gravest(changes: readonly SectionChange[]): SectionChange {
  if (changes.includes('restart')) return 'restart';
  return changes.includes('reconcile') ? 'reconcile' : 'none';
}

function isSame(left: unknown, right: unknown): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

function namedChanges(old: readonly { name: string }[], next: readonly { name: string }[]): NamedChanges {
  const before = new Map(old.map((entry) => [entry.name, entry]));
  const after = new Map(next.map((entry) => [entry.name, entry]));
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after]
      .filter(([name, entry]) => before.has(name) && !isSame(before.get(name), entry))
      .map(([name]) => name),
  };
}
