/** `crds/generated/*.yaml` and the kustomization that lists them. */
import { stringify } from 'yaml';
import { kinds, type Kind } from '../src/v1alpha1/kinds.ts';
import { group, metadata, version } from '../src/v1alpha1/object.ts';
import { structuralSchema, type StructuralSchema } from './structural-schema.ts';

const notice = '# Written by `make generate` from crds/src/v1alpha1. Do not edit.\n';

/** Path below the repository's root → content. */
export function customResourceDefinitions(): ReadonlyMap<string, string> {
  const names = Object.keys(kinds) as Kind[];
  const files = new Map(
    names.map((kind) => [`crds/generated/${fileName(kind)}`, notice + yaml(customResourceDefinition(kind))]),
  );
  const resources = names.map((kind) => `../../crds/generated/${fileName(kind)}`);
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources };
  return files.set('config/crd/kustomization.yaml', notice + yaml(kustomization));
}

function fileName(kind: Kind): string {
  return `${group}_${kinds[kind].plural}.yaml`;
}

function yaml(value: unknown): string {
  return stringify(value, { lineWidth: 120, aliasDuplicateObjects: false });
}

export function customResourceDefinition(kind: Kind) {
  const { singular, plural, shortNames, columns } = kinds[kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/name': 'teams-sbc', 'app.kubernetes.io/part-of': 'teams-sbc' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, singular, plural, shortNames, categories: ['sbc'] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: openAPISchema(kind) },
        },
      ],
    },
  };
}

/** The whole object's schema. The API server owns apiVersion, kind and metadata, and takes no description of the last. */
export function openAPISchema(kind: Kind): StructuralSchema {
  const {
    properties = {},
    'x-kubernetes-validations': validations,
    ...rest
  } = structuralSchema(kinds[kind].schema, metadata);
  const { spec = {}, status = {} } = properties;
  return {
    ...rest,
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: { type: 'object' },
      spec,
      status,
    },
    ...(validations && {
      'x-kubernetes-validations': validations.map(({ fieldPath, ...validation }) => ({
        ...validation,
        // A path may lead only to fields that the schema describes.
        ...(fieldPath?.startsWith('.spec') === true && { fieldPath }),
      })),
    }),
  };
}
