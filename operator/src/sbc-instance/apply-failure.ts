/** What the API server refuses for good, in words for a condition, and what stays in force meanwhile. Pure. */
import { ForeignObject } from '../apply/foreign-object.ts';
import { ApiError } from '../kube/api-error.ts';
import type { InstanceMemory } from './instance-memory.ts';
import type { Applied } from './look.ts';

/** It is busy or on its way: trying again is all there is to do. */
const transient: ReadonlySet<number> = new Set([429, 503, 504]);

/** Undefined: nobody need be told. */
export function failureOf(error: unknown): string | undefined {
  if (error instanceof ForeignObject) return error.message;
  if (!(error instanceof ApiError) || error.isConflict || error.isNamespaceGone || transient.has(error.code))
    return undefined;
  return `the API server refused a part of it: ${error.message.replace(/\.$/, '')}: mend what it names, it is tried again by itself`;
}

/** @param status that is written: after a restart it knows more than we do */
export function routingInForce({ routing }: InstanceMemory, status: unknown): Applied['routing'] {
  if (routing !== undefined) return routing;
  const written = (status as { readonly routing?: Applied['routing'] } | undefined)?.routing;
  return written === undefined ? undefined : { hash: written.hash, shards: written.shards };
}
