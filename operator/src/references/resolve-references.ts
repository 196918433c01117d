/** What a trunk names, and whether it can be used. Pure. */
import type { PbxTrunk, ReasonOf, TeamsTrunk } from '@teams-sbc/crds';
import type { Referenced, ReferencePlace } from './referenced.ts';
import { placeText } from './referenced.ts';

export interface Reference {
  readonly place: ReferencePlace;
  /** Path of the field that names it. */
  readonly field: string;
  /** `CaBundle`: PEM text under `keys[0]`. `Login`: a value under each of `keys`. */
  readonly use: 'CaBundle' | 'Login';
  readonly keys: readonly string[];
}

export interface ReferenceFault {
  readonly reason: ReasonOf<'PbxTrunk', 'ResolvedRefs'>;
  readonly field: string;
  /** A sentence with its remedy; no full stop; never a value. */
  readonly message: string;
}

export type Known = ReadonlyMap<string, Referenced | undefined>;

export function referencesOf(trunk: TeamsTrunk | PbxTrunk): readonly Reference[] {
  const namespace = trunk.metadata.namespace ?? 'default';
  const references: Reference[] = [];
  const trust = trunk.spec.tls?.trust;
  if (trust !== undefined && 'caBundleRef' in trust && trust.caBundleRef !== undefined)
    references.push(caBundleReference(trust.caBundleRef, namespace));
  if (trunk.kind === 'PbxTrunk' && trunk.spec.auth !== undefined)
    references.push(loginReference(trunk.spec.auth.secretRef.name, namespace));
  return references;
}

export function caBundleReference(
  { kind, name, key }: { readonly kind: ReferencePlace['kind']; readonly name: string; readonly key: string },
  namespace: string,
): Reference {
  const field = 'spec.tls.trust.caBundleRef';
  return { place: { kind, namespace, name }, field, use: 'CaBundle', keys: [key] };
}

export function loginReference(name: string, namespace: string): Reference {
  const place = { kind: 'Secret', namespace, name } as const;
  return { place, field: 'spec.auth.secretRef', use: 'Login', keys: ['username', 'password'] };
}

/** The first thing that is wrong; undefined: all can be used. */
export function referenceFault(references: readonly Reference[], known: Known): ReferenceFault | undefined {
  for (const reference of references) {
    const fault = faultOf(reference, known.get(placeText(reference.place)));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOf({ place, field, use, keys }: Reference, found: Referenced | undefined): ReferenceFault | undefined {
  const { kind, namespace, name } = place;
  if (found === undefined) {
    const reason = kind === 'Secret' ? 'SecretNotFound' : 'ConfigMapNotFound';
    const message = `${field}.name: found ${name}, but namespace ${namespace} has no ${kind} of that name: create it with ${kind === 'Secret' ? 'kubectl create secret generic' : 'kubectl create configmap'} ${name}`;
    return { reason, field: `${field}.name`, message };
  }
  const missing = keys.filter((key) => !found.keys.includes(key));
  if (missing.length > 0) {
    const message = `${field}: ${kind}/${name} has no ${missing.join(' and no ')}${presentKeys(kind, found)}`;
    return { reason: use === 'Login' ? 'InvalidCredentials' : 'KeyNotFound', field, message };
  }
  const [key = ''] = keys;
  if (use !== 'CaBundle' || found.certificateKeys.includes(key)) return undefined;
  const message = `${field}.key: ${key} of ${kind}/${name} holds no certificate, or one that cannot be read: it must hold PEM text that begins with -----BEGIN CERTIFICATE-----`;
  return { reason: 'InvalidTrustBundle', field: `${field}.key`, message };
}

/** Not of a Secret: whoever may name it here may perhaps not read it. */
function presentKeys(kind: ReferencePlace['kind'], { keys }: Referenced): string {
  return kind === 'Secret' ? '' : `: it has ${keys.join(', ') || 'no keys'}`;
}
