/** The o= line as ours (RFC 8866 §5.2): a B2BUA is the author of what it sends, whoever's words it passes on. Pure. */

/** User, id and version of the o= line; its address stays. Text without an o= line comes back unchanged. */
export function withOrigin(text: string, sessionId: string, version: number): string {
  const [start, end] = placeOf(text);
  if (start < 0) return text;
  return `${text.slice(0, start)}o=- ${sessionId} ${version}${text.slice(end)}`;
}

/** Whether two descriptions differ in nothing but user, id and version of their o= lines. */
export function sameButOrigin(a: string, b: string): boolean {
  const [aStart, aEnd] = placeOf(a);
  const [bStart, bEnd] = placeOf(b);
  return a.slice(0, Math.max(aStart, 0)) === b.slice(0, Math.max(bStart, 0)) && a.slice(aEnd) === b.slice(bEnd);
}

/** From `o=` to the space before the network type. */
function placeOf(text: string): readonly [number, number] {
  const start = text.startsWith('o=') ? 0 : text.indexOf('\no=') + 1;
  if (start === 0 && !text.startsWith('o=')) return [-1, 0];
  let end = start;
  for (let words = 0; words < 3; words++) {
    const space = text.indexOf(' ', end + 1);
    if (space < 0) return [-1, 0];
    end = space;
  }
  return [start, end];
}
