/** Finds the session description in a body: alone, or as a part of a multipart, also within another (RFC 3261 §7.4.1, RFC 5621). Pure. */
import { MAX_SDP_BYTES } from '../sdp/description.ts';
import type { Message } from '../sip/message.ts';

const SDP_TYPE = 'application/sdp';
/** A body with more parts than this is not searched further. */
const MAX_PARTS = 16;
/** RFC 5621 §3.3: parts may hold parts. Deeper than this they are not opened. */
const MAX_DEPTH = 4;

/** Undefined where there is none. One that is longer than any may be comes back empty: nobody works over it, and the relay refuses it. */
export function sdpBody(message: Message): string | undefined {
  const sdp = wholeSdpBody(message);
  return sdp !== undefined && sdp.length > MAX_SDP_BYTES ? '' : sdp;
}

function wholeSdpBody(message: Message): string | undefined {
  if (message.body === '') return undefined;
  const type = message.contentType;
  if (type === SDP_TYPE) return message.body;
  if (type?.startsWith('multipart/') !== true) return undefined;
  return sdpWithin(message.headers.get('Content-Type') ?? '', message.body, MAX_DEPTH);
}

function sdpWithin(contentType: string, body: string, depth: number): string | undefined {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === SDP_TYPE) return body;
  if (depth === 0 || !type.startsWith('multipart/')) return undefined;
  const boundary = boundaryOf(contentType);
  return boundary === undefined ? undefined : sdpPart(body, `--${boundary}`, depth - 1);
}

function boundaryOf(contentType: string): string | undefined {
  const at = contentType.toLowerCase().indexOf('boundary=');
  if (at < 0) return undefined;
  const rest = contentType.slice(at + 'boundary='.length);
  const value = rest.startsWith('"') ? rest.slice(1, rest.indexOf('"', 1)) : (rest.split(';', 1)[0] ?? '').trim();
  // RFC 2046 §5.1.1: 1 to 70 characters.
  return value.length > 0 && value.length <= 70 ? value : undefined;
}

function sdpPart(body: string, delimiter: string, depth: number): string | undefined {
  let start = nextDelimiter(body, delimiter, 0);
  for (let parts = 0; start >= 0 && parts < MAX_PARTS; parts++) {
    const next = nextDelimiter(body, delimiter, start + delimiter.length);
    const part = body.slice(start + delimiter.length, next < 0 ? body.length : endOfPart(body, next));
    const headEnd = part.indexOf('\r\n\r\n');
    const found = headEnd < 0 ? undefined : sdpWithin(typeOf(part.slice(0, headEnd)), part.slice(headEnd + 4), depth);
    if (found !== undefined) return found;
    start = next;
  }
  return undefined;
}

/** The line break before the delimiter belongs to it (RFC 2046 §5.1.1). Interop: unless it is the only one that ends the SDP. */
function endOfPart(body: string, delimiter: number): number {
  return body.charCodeAt(delimiter - 3) === 0x0a ? delimiter - 2 : delimiter;
}

/** A delimiter begins a line and ends its word: `--b` is none where the parts within have the boundary `b1`. */
function nextDelimiter(body: string, delimiter: string, from: number): number {
  for (let at = body.indexOf(delimiter, from); at >= 0; at = body.indexOf(delimiter, at + 1)) {
    const end = at + delimiter.length;
    const after = body.charCodeAt(end);
    const isLine = Number.isNaN(after) || after === 0x0d || after === 0x20 || after === 0x09;
    if ((isLine || body.startsWith('--', end)) && (at === 0 || body.charCodeAt(at - 1) === 0x0a)) return at;
  }
  return -1;
}

function typeOf(partHead: string): string {
  const line = partHead.split('\r\n').find((each) => each.slice(0, 13).toLowerCase() === 'content-type:');
  return line?.slice(13) ?? '';
}
