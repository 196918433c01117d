/** The form of the tables in this folder: one kind, what the API server accepts of it, what it refuses and in which words. */
import { conditionsOf } from '../../../crds/src/v1alpha1/conditions.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Dotted path below spec, such as `listeners.0.port`, and what stands there then; `undefined` removes it. */
export type Change = Readonly<Record<string, unknown>>;

export interface Accepted {
  readonly what: string;
  readonly change: Change;
}

export interface Refused {
  readonly what: string;
  readonly change: Change;
  /** The object's name. Default: a good one. */
  readonly name?: string;
  /** The field that the API server names, such as `spec.listeners[0].port`; empty for the whole object. */
  readonly at: string;
  /** The sentence that a person reads. */
  readonly says: string;
}

export interface KindCases {
  readonly kind: string;
  /** The spec with the least that is accepted. */
  readonly minimal: Json;
  /** That spec with all defaults. */
  readonly filledIn: Json;
  readonly accepted: readonly Accepted[];
  readonly refused: readonly Refused[];
  /** What `kubectl get` shows of `minimal` with this status, without AGE. */
  readonly shown: { readonly status: Json; readonly header: string; readonly row: string };
}

/** A copy of the spec with the change made. */
export function changed(spec: Json, change: Change): Json {
  const copy = structuredClone(spec) as Record<string, unknown>;
  for (const [path, value] of Object.entries(change)) place(copy, path.split('.'), value);
  return copy;
}

function place(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    into[first] ??= {};
    place(into[first] as Record<string, unknown>, rest, value);
  } else if (value !== undefined) {
    into[first] = value;
  } else if (Array.isArray(into)) {
    into.splice(Number(first), 1);
  } else {
    Reflect.deleteProperty(into, first);
  }
}

/** Every condition of the kind is true, but for the changes. */
export function conditions(kind: keyof typeof conditionsOf, changes: Readonly<Record<string, Json>> = {}): Json[] {
  return conditionsOf[kind].map((type) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration: 1,
    lastTransitionTime: '2026-01-01T00:00:00Z',
    ...changes[type],
  }));
}
