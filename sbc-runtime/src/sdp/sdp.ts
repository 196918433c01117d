/**
 * What the offer/answer model asks of a description (RFC 3264), and the one change that is ours to make: rtpengine
 * rewrites everything else. Text that is no description answers no, or nothing.
 */
import { audioSection, isDirection, parseSdp, splitLines } from './description.ts';
import type { Direction, Sdp } from './description.ts';

/** Of the first audio section with a port; without one, of the session. Text that is no description: `sendrecv`. */
export function direction(sdp: Sdp | string): Direction {
  const parsed = typeof sdp === 'string' ? parseSdp(sdp) : sdp;
  return (parsed && audioSection(parsed))?.direction ?? parsed?.sessionDirection ?? 'sendrecv';
}

/**
 * Every media section gets the direction: in the place of the attribute it has, else at its end. The o= version stays
 * as it is. Text that is no description comes back unchanged.
 */
export function withDirection(text: string, direction: Direction): string {
  const sdp = parseSdp(text);
  if (sdp === undefined) return text;
  const attribute = `a=${direction}`;
  const firstMediaLine = sdp.media[0]?.firstLine ?? sdp.lines.length;
  const lines = sdp.lines
    .slice(0, firstMediaLine)
    .map((line) => (line.startsWith('a=') && isDirection(line.slice(2)) ? attribute : line));
  for (const section of sdp.media) {
    let isWritten = false;
    for (const line of sdp.lines.slice(section.firstLine, section.endLine)) {
      const isOld = line.startsWith('a=') && isDirection(line.slice(2));
      if (!isOld) lines.push(line);
      else if (!isWritten) {
        lines.push(attribute);
        isWritten = true;
      }
    }
    if (!isWritten) lines.push(attribute);
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Whether nothing was changed, o= version included (RFC 3264 §8): an offer repeated as a session refresh. */
export function sameMedia(a: string, b: string): boolean {
  if (a === b) return true;
  const left = splitLines(a);
  const right = splitLines(b);
  return left.length === right.length && left.every((line, at) => line === right[at]);
}
