/** Stored custom resources as valid manifests, defaults filled in; each generation is read once. */
import { parseManifest } from '@teams-sbc/crds';
import type { CallRoute, NumberPolicy, PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { keyOf } from '../kube/kube-object.ts';

interface Manifests {
  readonly SbcInstance: SbcInstance;
  readonly TeamsTrunk: TeamsTrunk;
  readonly PbxTrunk: PbxTrunk;
  readonly CallRoute: CallRoute;
  readonly NumberPolicy: NumberPolicy;
}

export type ManifestKind = keyof Manifests;

/** `fault`: it was stored before a rule of this release was there. */
export type Manifest<Kind extends ManifestKind> =
  { readonly ok: true; readonly object: Manifests[Kind] } | { readonly ok: false; readonly fault: string };

interface Read {
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly annotations: unknown;
  readonly manifest: Manifest<ManifestKind>;
}

export class ManifestReader {
  readonly #read = new Map<string, Read>();

  /** @param object of that kind; only its name, spec and annotations are looked at */
  read<Kind extends ManifestKind>(kind: Kind, object: KubeObject): Manifest<Kind> {
    const key = `${kind} ${keyOf(object)}`;
    const { uid, generation, annotations } = object.metadata;
    const known = this.#read.get(key);
    const isKnown =
      known !== undefined &&
      generation !== undefined &&
      known.uid === uid &&
      known.generation === generation &&
      (kind !== 'SbcInstance' || JSON.stringify(known.annotations) === JSON.stringify(annotations));
    // What stands under a key is of the kind that the key begins with.
    if (isKnown) return known.manifest as Manifest<Kind>;
    const manifest = parse<Kind>(object);
    this.#read.set(key, { uid, generation, annotations, manifest: manifest });
    return manifest;
  }

  forget(object: KubeObject): void {
    this.#read.delete(`${object.kind} ${keyOf(object)}`);
  }
}

function parse<Kind extends ManifestKind>({ apiVersion, kind, metadata, spec }: KubeObject): Manifest<Kind> {
  const parsed = parseManifest({ apiVersion, kind, metadata, spec });
  if (!parsed.ok) return { ok: false, fault: parsed.problems.map(({ message }) => message).join('; ') };
  return { ok: true, object: parsed.object as unknown as Manifests[Kind] };
}
