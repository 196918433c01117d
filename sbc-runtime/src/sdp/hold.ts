/** The many ways in which a PBX puts a call on hold, told in one (RFC 3264 §8.4). Pure. */
import { parseSdp, type Direction } from './description.ts';
import { isUnspecified, rewritten } from './rewritten.ts';

/** RFC 863: as good as any, nothing is sent to it. */
const DISCARD_PORT = 9;

/**
 * `c=0.0.0.0` (RFC 2543) also says its direction, and a description whose every stream has port 0 is `inactive` audio with
 * a port: the relay would give up its own port, which the other side was promised. Anything else comes back as it is.
 */
export function withPlainHold(text: string): string {
  if (!mayHoldOldStyle(text)) return text;
  const sdp = parseSdp(text);
  if (sdp === undefined) return text;
  const isAllRefused = sdp.media.every((section) => section.port === 0);
  const held = sdp.media.map((section) => {
    if (isAllRefused && section.kind === 'audio') return { port: DISCARD_PORT, direction: 'inactive' as const };
    if (section.port === 0 || !isUnspecified(section.connection)) return {};
    return { direction: withoutReceiving(section.direction) };
  });
  return rewritten(sdp, held);
}

/** A quick look that may say yes too often: nearly every description is spared the rest. */
function mayHoldOldStyle(text: string): boolean {
  return (
    text.includes(' 0.0.0.0') || text.includes(' ::') || text.includes('0:0:0:0:0:0:0:0') || text.includes('m=audio 0')
  );
}

/** What a hold leaves of a direction: who holds does not listen. */
function withoutReceiving(direction: Direction): Direction {
  return direction === 'sendrecv' || direction === 'sendonly' ? 'sendonly' : 'inactive';
}
