/** Rendered manifests as objects. */
import { parseAllDocuments } from 'yaml';
import type { Said } from '../kit/api-client.ts';

export function objectsOf(text: string): Said[] {
  const objects: Said[] = parseAllDocuments(text).map((document) => document.toJS() as unknown);
  return objects.filter((object) => object !== null && object !== undefined);
}

/** `ClusterRole teams-sbc-operator`, or `Role voice/teams-sbc-operator`. */
export function idOf({ kind, metadata }: Said): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}

export function named(objects: readonly Said[], id: string): Said {
  const found = objects.find((object) => idOf(object) === id);
  if (found === undefined) throw new Error(`Cannot find ${id} among ${objects.map(idOf).join(', ')}`);
  return found;
}

/** A kind of others that the API server must know: any content goes. */
export function foreignKind(group: string, version: string, kind: string, plural: string) {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}
