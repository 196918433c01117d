/** Which codecs a description speaks of. Text that is no description has none. */
import { audioSection, parseSdp } from './description.ts';
import type { MediaSection } from './description.ts';

/** RFC 3551 §6: payload types whose meaning needs no rtpmap. */
const staticEncodings = new Map<string, string>([
  ['0', 'PCMU/8000'],
  ['3', 'GSM/8000'],
  ['4', 'G723/8000'],
  ['8', 'PCMA/8000'],
  ['9', 'G722/8000'],
  ['13', 'CN/8000'],
  ['15', 'G728/8000'],
  ['18', 'G729/8000'],
  ['26', 'JPEG/90000'],
  ['31', 'H261/90000'],
  ['34', 'H263/90000'],
]);

/** Names of the audio section's codecs in order of preference, as written: `PCMA`, `telephone-event`. Once each. */
export function codecNames(text: string): string[] {
  const sdp = parseSdp(text);
  const audio = sdp && audioSection(sdp);
  if (audio === undefined) return [];
  return [...new Set(codecsByFormat(audio).values())];
}

/** The same with clock rate and channels as written: `PCMA/8000`, `opus/48000/2`. */
export function codecEncodings(text: string): string[] {
  const sdp = parseSdp(text);
  const audio = sdp && audioSection(sdp);
  if (audio === undefined) return [];
  return [...new Set(encodingsByFormat(audio).values())];
}

/** Payload type → codec name as written, in order of preference; formats that nothing names are left out. */
export function codecsByFormat(section: MediaSection): ReadonlyMap<string, string> {
  const codecs = new Map<string, string>();
  for (const [format, encoding] of encodingsByFormat(section))
    codecs.set(format, encoding.split('/', 1)[0] ?? encoding);
  return codecs;
}

function encodingsByFormat(section: MediaSection): ReadonlyMap<string, string> {
  const mapped = new Map<string, string>();
  for (const [payloadType, encoding] of rtpmaps(section)) {
    if (!mapped.has(payloadType)) mapped.set(payloadType, encoding);
  }
  const encodings = new Map<string, string>();
  for (const format of section.formats) {
    const encoding = mapped.get(format) ?? staticEncodings.get(format);
    if (encoding !== undefined) encodings.set(format, encoding);
  }
  return encodings;
}

/** `a=rtpmap:8 PCMA/8000` as `['8', 'PCMA/8000']`. */
function rtpmaps(section: MediaSection): (readonly [string, string])[] {
  return section.attributes
    .filter((attribute) => attribute.name === 'rtpmap' && attribute.value !== undefined)
    .map((attribute) => attribute.value ?? '')
    .map((value) => [value.slice(0, value.indexOf(' ')), value.slice(value.indexOf(' ') + 1)] as const);
}
