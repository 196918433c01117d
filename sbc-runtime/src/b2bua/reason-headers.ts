/** `Reason` crosses a B2BUA: it says why, and both sides may know (RFC 3326). Pure. */
export function reasonHeaders(reasons: readonly string[]): [string, string][] {
  return reasons.map((reason) => ['Reason', reason]);
}
