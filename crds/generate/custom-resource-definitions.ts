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
  const kustomization = (resources: readonly string[]) =>
    notice + yaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
  // kustomize takes files from its own folder alone, and folders from anywhere.
  return files
    .set('crds/generated/kustomization.yaml', kustomization(names.map(fileName)))
    .set('config/crd/kustomization.yaml', kustomization(['../../crds/generated']));
}

function fileName(kind: Kind): string {
  return `${group}_${kinds[kind].plural}.yaml`;
}

function yaml(value: unknown): string {
  // kubectl and helm read YAML 1.1, where a bare Yes is a boolean.
  return stringify(value, { lineWidth: 120, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

export function customResourceDefinition(kind: Kind) {
  const definition = kinds[kind];
  const { singular, plural, shortNames, columns } = definition;
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
          subresources: { status: {}, ...('scale' in definition && { scale: definition.scale }) },
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
  const { spec = {} } = properties;
  const status = structuralSchema(kinds[kind].status, metadata);
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
