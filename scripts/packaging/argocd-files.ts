/** `config/argocd/argocd-cm.yaml`: the health script under the name of every kind, as Argo CD reads it from its ConfigMap. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { kinds } from '../../crds/src/v1alpha1/kinds.ts';
import { group } from '../../crds/src/v1alpha1/object.ts';

/** Path below the repository's root → content. */
export function argocdFiles(): ReadonlyMap<string, string> {
  const script = readFileSync(join(import.meta.dirname, '../../config/argocd/health.lua'), 'utf8');
  const data = Object.fromEntries(
    Object.keys(kinds).map((kind) => [`resource.customizations.health.${group}_${kind}`, script]),
  );
  const notice = '# Written by `make generate` from config/argocd/health.lua. Do not edit.\n';
  return new Map([['config/argocd/argocd-cm.yaml', notice + stringify({ data }, { lineWidth: 0 })]]);
}
