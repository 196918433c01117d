/** A session description taken apart (RFC 8866): a line scan that keeps every line as it was. */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** RFC 8866 §5.2. */
export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  /** Kept as text: a NTP timestamp does not fit a number. */
  readonly version: string;
  readonly address: string;
}

/** An `a=` line: `{ name: 'rtcp-mux' }`, `{ name: 'ptime', value: '20' }`. */
export interface Attribute {
  readonly name: string;
  readonly value?: string;
}

export interface MediaSection {
  /** `audio`, `video`, … */
  readonly kind: string;
  /** 0: refused or taken away (RFC 3264 §6). */
  readonly port: number;
  /** `RTP/SAVP` */
  readonly profile: string;
  /** Payload types as they stand in the m= line, in order of preference. */
  readonly formats: readonly string[];
  /** Its own, else the session's, else `sendrecv` (RFC 3264 §5.1). */
  readonly direction: Direction;
  /** The address of its own c= line, else of the session's. */
  readonly connection?: string;
  readonly attributes: readonly Attribute[];
  /** Where its m= line stands in `lines`, and where the next section begins. */
  readonly firstLine: number;
  readonly endLine: number;
}

export interface Sdp {
  readonly lines: readonly string[];
  readonly origin: Origin;
  /** The address of the session's c= line. */
  readonly sessionConnection?: string;
  readonly sessionDirection?: Direction;
  readonly media: readonly MediaSection[];
}

/** More than any honest description has; a longer one is refused. */
export const MAX_SDP_BYTES = 32 * 1024;
export const MAX_LINES = 2048;
/** Of one m= line. RTP has 128 payload types. */
const MAX_FORMATS = 1024;

/** Undefined where it is no description: no `v=0`, no readable o= or m= line, a line that is not `x=…`, or too much of it. */
export function parseSdp(text: string): Sdp | undefined {
  if (text.length > MAX_SDP_BYTES) return undefined;
  const lines = splitLines(text);
  if (lines[0] !== 'v=0' || lines.length > MAX_LINES) return undefined;
  let mediaStart = lines.length;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.charCodeAt(1) !== 0x3d) return undefined;
    if (mediaStart === lines.length && line.startsWith('m=')) mediaStart = at;
  }
  const origin = parseOrigin(lines.slice(0, mediaStart).find((line) => line.startsWith('o=')));
  if (origin === undefined) return undefined;
  const session = scanSection(lines, 0, mediaStart);
  const media: MediaSection[] = [];
  for (let start = mediaStart; start < lines.length;) {
    let end = start + 1;
    while (end < lines.length && !(lines[end] ?? '').startsWith('m=')) end++;
    const section = parseMedia(lines, start, end, session);
    if (section === undefined) return undefined;
    media.push(section);
    start = end;
  }
  return {
    lines,
    origin,
    media,
    ...(session.connection === undefined ? {} : { sessionConnection: session.connection }),
    ...(session.direction === undefined ? {} : { sessionDirection: session.direction }),
  };
}

/** The section that hold and codecs are about: the first audio with a port, else the first audio. */
export function audioSection(sdp: Sdp): MediaSection | undefined {
  const audio = sdp.media.filter((section) => section.kind === 'audio');
  return audio.find((section) => section.port !== 0) ?? audio[0];
}

export function isDirection(text: string): text is Direction {
  return text === 'sendrecv' || text === 'sendonly' || text === 'recvonly' || text === 'inactive';
}

/** Lines without their ends; RFC 8866 §5 lets a parser take a lone LF. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.endsWith('\r')) lines[at] = line.slice(0, -1);
  }
  return lines;
}

interface Section {
  readonly connection: string | undefined;
  readonly direction: Direction | undefined;
  readonly attributes: readonly Attribute[];
}

function scanSection(lines: readonly string[], from: number, to: number): Section {
  const attributes: Attribute[] = [];
  let connection: string | undefined;
  let found: Direction | undefined;
  for (let at = from; at < to; at++) {
    const line = lines[at] ?? '';
    // RFC 8866 §5.7: several addresses may stand for a multicast; the first will do.
    if (line.startsWith('c=')) connection ??= line.split(' ')[2]?.split('/')[0];
    if (!line.startsWith('a=')) continue;
    const colon = line.indexOf(':');
    const name = line.slice(2, colon < 0 ? line.length : colon);
    attributes.push(colon < 0 ? { name } : { name, value: line.slice(colon + 1) });
    if (isDirection(name)) found = name;
  }
  return { connection, direction: found, attributes };
}

function parseMedia(lines: readonly string[], start: number, end: number, session: Section): MediaSection | undefined {
  const words = (lines[start] ?? '').slice(2).split(' ', 3 + MAX_FORMATS + 1);
  if (words.length > 3 + MAX_FORMATS) return undefined;
  const [kind = '', portText = '', profile = '', ...formats] = words.filter(isNotEmpty);
  const port = Number(portText.split('/')[0]);
  if (profile === '' || formats.length === 0 || !/^\d{1,5}(\/\d{1,5})?$/.test(portText) || port > 65535)
    return undefined;
  const own = scanSection(lines, start + 1, end);
  const connection = own.connection ?? session.connection;
  return {
    kind,
    port,
    profile,
    formats,
    direction: own.direction ?? session.direction ?? 'sendrecv',
    attributes: own.attributes,
    firstLine: start,
    endLine: end,
    ...(connection === undefined ? {} : { connection }),
  };
}

function parseOrigin(line: string | undefined): Origin | undefined {
  const [username, sessionId, version, , , address] = line?.slice(2).split(' ') ?? [];
  if (username === undefined || sessionId === undefined || version === undefined || address === undefined)
    return undefined;
  return { username, sessionId, version, address };
}

function isNotEmpty(text: string): boolean {
  return text !== '';
}
