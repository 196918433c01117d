/** The trunks, routes and policies that name an instance, as manifests. */
import type { CallRoute, NumberPolicy, PbxTrunk, TeamsTrunk } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import type { Manifest, ManifestKind, ManifestReader } from './manifest-reader.ts';
import type { Stores } from './stores.ts';
import { bySbcRef } from './stores.ts';

export interface Members {
  readonly teamsTrunks: readonly TeamsTrunk[];
  readonly pbxTrunks: readonly PbxTrunk[];
  readonly callRoutes: readonly CallRoute[];
  readonly numberPolicies: readonly NumberPolicy[];
  /** All of them by `Kind/name`: `uid/generation`. */
  readonly seen: ReadonlyMap<string, string>;
  /** What breaks a rule of this release, by `Kind/name`. */
  readonly invalid: ReadonlyMap<string, string>;
}

/** @param instance `namespace/name` */
export function gatherMembers(stores: Stores, reader: ManifestReader, instance: string): Members {
  const seen = new Map<string, string>();
  const invalid = new Map<string, string>();
  const gather = <Kind extends ManifestKind>(kind: Kind, objects: readonly KubeObject[]) =>
    objects.flatMap((object) => {
      // What goes away is served until it is gone: a finalizer of somebody else may take its time, and calls with it.
      const member = memberName(kind, object.metadata.name);
      seen.set(member, versionOf(object));
      const manifest: Manifest<Kind> = reader.read(kind, object);
      if (manifest.ok) return [manifest.object];
      invalid.set(member, manifest.fault);
      return [];
    });
  return {
    teamsTrunks: gather('TeamsTrunk', stores.teamsTrunks.by(bySbcRef, instance)),
    pbxTrunks: gather('PbxTrunk', stores.pbxTrunks.by(bySbcRef, instance)),
    callRoutes: gather('CallRoute', stores.callRoutes.by(bySbcRef, instance)),
    numberPolicies: gather('NumberPolicy', stores.numberPolicies.by(bySbcRef, instance)),
    seen,
    invalid,
  };
}

export function memberName(kind: string, name: string): string {
  return `${kind}/${name}`;
}

/** Which object, and which spec of it. */
export function versionOf({ metadata }: KubeObject): string {
  return `${metadata.uid ?? ''}/${String(metadata.generation ?? 0)}`;
}
