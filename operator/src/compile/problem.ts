/** What is wrong with a set of manifests, told on the object and the field that a person can change. */

/** A custom resource by kind and name; one problem stands on one of them. */
export interface ObjectRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** The condition that a problem makes False, by its reason. */
export const conditionOfReason = {
  Conflict: 'Accepted',
  DocumentInvalid: 'Accepted',
  FqdnsMismatch: 'Accepted',
  InvalidName: 'Accepted',
  InvalidPattern: 'Accepted',
  NoListener: 'Accepted',
  PortMismatch: 'Accepted',
  TooMany: 'Accepted',
  InstanceNotFound: 'ResolvedRefs',
  PolicyNotFound: 'ResolvedRefs',
  TrunkNotFound: 'ResolvedRefs',
} as const;

export type ProblemReason = keyof typeof conditionOfReason;

export interface Problem {
  readonly object: ObjectRef;
  /** Path of the field, such as `spec.fqdns`. */
  readonly field: string;
  readonly reason: ProblemReason;
  /** One sentence in the form `found …, allowed …` or with its remedy; no full stop. */
  readonly message: string;
  /** `true`: the last good document stays in force. `false`: one trunk is left out, the rest is served. */
  readonly blocking: boolean;
}

/** Worth saying, nothing wrong: a default that was or was not taken. */
export interface Note {
  readonly object: ObjectRef;
  readonly message: string;
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

export const defaultNamespace = 'default';

export function refOf(object: Named): ObjectRef {
  return { kind: object.kind, namespace: object.metadata.namespace ?? defaultNamespace, name: object.metadata.name };
}

/** `TeamsTrunk/contoso`, with the namespace in front where it is not `default`. */
export function refText(ref: ObjectRef): string {
  const name = `${ref.kind}/${ref.name}`;
  return ref.namespace === defaultNamespace ? name : `${ref.namespace} ${name}`;
}
