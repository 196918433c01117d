/** Finds the session description in a body: alone, or as a part of a multipart (RFC 3261 §7.4.1, RFC 5621). Pure. */
import type { Message } from '../sip/message.ts';

const SDP_TYPE = 'application/sdp';
/** A body with more parts than this is not searched further. */
const MAX_PARTS = 16;

export function sdpBody(message: Message): string | undefined {
  if (message.body === '') return undefined;
  const type = message.contentType;
  if (type === SDP_TYPE) return message.body;
  if (type?.startsWith('multipart/') !== true) return undefined;
  const boundary = boundaryOf(message.headers.get('Content-Type') ?? '');
  return boundary === undefined ? undefined : sdpPart(message.body, `--${boundary}`);
}

function boundaryOf(contentType: string): string | undefined {
  const at = contentType.toLowerCase().indexOf('boundary=');
  if (at < 0) return undefined;
  const rest = contentType.slice(at + 'boundary='.length);
  const value = rest.startsWith('"') ? rest.slice(1, rest.indexOf('"', 1)) : (rest.split(';', 1)[0] ?? '').trim();
  // RFC 2046 §5.1.1: 1 to 70 characters.
  return value.length > 0 && value.length <= 70 ? value : undefined;
}

function sdpPart(body: string, delimiter: string): string | undefined {
  const parts = body.split(delimiter, MAX_PARTS + 1);
  for (const part of parts.slice(1)) {
    const headEnd = part.indexOf('\r\n\r\n');
    if (headEnd < 0) continue;
    const isSdp = part
      .slice(0, headEnd)
      .toLowerCase()
      .split('\r\n')
      .some((line) => line.startsWith('content-type:') && line.includes(SDP_TYPE));
    // The line break before the delimiter belongs to the delimiter (RFC 2046 §5.1.1), but SDP wants its last line ended.
    if (isSdp) return part.slice(headEnd + 4);
  }
  return undefined;
}
