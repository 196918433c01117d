/** The manifests that name an instance, the oldest first: it keeps what two of them want. Pure. */
import type { CallRoute, NumberPolicy, PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';
import type { Problem } from './problem.ts';
import { defaultNamespace, refOf } from './problem.ts';
import type { Trunk } from './trunk.ts';

/** Those of other instances and namespaces may be among them; they are not looked at. */
export interface Manifests {
  readonly teamsTrunks: readonly TeamsTrunk[];
  readonly pbxTrunks: readonly PbxTrunk[];
  /** @default none */
  readonly callRoutes?: readonly CallRoute[];
  /** @default none */
  readonly numberPolicies?: readonly NumberPolicy[];
}

export interface Attached {
  readonly trunks: readonly Trunk[];
  readonly callRoutes: readonly CallRoute[];
  readonly numberPolicies: readonly NumberPolicy[];
}

export type AttachedObject = Trunk | CallRoute | NumberPolicy;

export function attachedTo(instance: SbcInstance, manifests: Manifests): Attached {
  const { teamsTrunks, pbxTrunks, callRoutes = [], numberPolicies = [] } = manifests;
  return {
    trunks: oldestFirst(instance, [...teamsTrunks, ...pbxTrunks]),
    callRoutes: oldestFirst(instance, callRoutes),
    numberPolicies: oldestFirst(instance, numberPolicies),
  };
}

/** As many as the contract allows, and a problem for each of the others. */
export function withinLimit<Each extends AttachedObject>(
  instance: SbcInstance,
  objects: readonly Each[],
  most: number,
): { readonly kept: readonly Each[]; readonly problems: readonly Problem[] } {
  const { name } = instance.metadata;
  const problems = objects.slice(most).map((object): Problem => {
    const message = `found more than ${String(most)} objects like it, allowed that many in SbcInstance/${name}, and this is one of the youngest: move it to another SbcInstance`;
    return { object: refOf(object), field: 'spec.sbcRef.name', reason: 'TooMany', message, blocking: false };
  });
  return { kept: objects.slice(0, most), problems };
}

function oldestFirst<Each extends AttachedObject>(instance: SbcInstance, objects: readonly Each[]): readonly Each[] {
  const namespace = instance.metadata.namespace ?? defaultNamespace;
  const { name } = instance.metadata;
  return objects
    .filter(({ metadata, spec }) => spec.sbcRef.name === name && (metadata.namespace ?? defaultNamespace) === namespace)
    .sort(byAge);
}

/** Manifests without a date (local mode) stand in order of kind and name. */
function byAge(a: AttachedObject, b: AttachedObject): number {
  return (
    compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
    compareText(b.kind, a.kind) ||
    compareText(a.metadata.name, b.metadata.name)
  );
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
