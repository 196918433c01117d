/** Option tags (RFC 3261 §19.2) in Require, Supported and the like. */
import type { Headers } from './headers.ts';

/** `tag` in lower case; in the header it is a token like any other, in whatever case. */
export function hasOptionTag(headers: Headers, header: 'Require' | 'Supported', tag: string): boolean {
  return headers.has(header) && headers.list(header).some((each) => each.toLowerCase() === tag);
}
