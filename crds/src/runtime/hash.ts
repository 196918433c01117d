/** The name of a routing state: what a runtime acknowledges, and what `Programmed` compares. */
import { createHash } from 'node:crypto';
import type { RoutingState } from './document.ts';

/** `sha256:` and 64 hexadecimal digits; the same for the same content, whatever the order of keys and the white space. */
export function hashRoutingState(state: RoutingState): string {
  return hashText(canonicalJson(state));
}

/** `sha256:` and 64 hexadecimal digits. */
export function hashText(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** JSON with sorted keys, without white space and without undefined members. The order of lists is content. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
