/** Which codecs a description speaks of. Text that is no description has none. */
import { audioSection, parseSdp } from './description.ts';
import type { MediaSection } from './description.ts';

/** RFC 3551 §6: payload types whose meaning needs no rtpmap. */
const staticCodecs = new Map<string, string>([
  ['0', 'PCMU'],
  ['3', 'GSM'],
  ['4', 'G723'],
  ['8', 'PCMA'],
  ['9', 'G722'],
  ['13', 'CN'],
  ['15', 'G728'],
  ['18', 'G729'],
  ['26', 'JPEG'],
  ['31', 'H261'],
  ['34', 'H263'],
]);

/** Names of the audio section's codecs in order of preference, as written: `PCMA`, `telephone-event`. Once each. */
export function codecNames(text: string): string[] {
  const sdp = parseSdp(text);
  const audio = sdp && audioSection(sdp);
  if (audio === undefined) return [];
  const mapped = new Map<string, string>();
  for (const [payloadType, encoding] of rtpmaps(audio)) {
    if (!mapped.has(payloadType)) mapped.set(payloadType, encoding.split('/')[0] ?? encoding);
  }
  const names = new Set<string>();
  for (const format of audio.formats) {
    const name = mapped.get(format) ?? staticCodecs.get(format);
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

/** `a=rtpmap:8 PCMA/8000` as `['8', 'PCMA/8000']`. */
function rtpmaps(section: MediaSection): (readonly [string, string])[] {
  return section.attributes
    .filter((attribute) => attribute.name === 'rtpmap' && attribute.value !== undefined)
    .map((attribute) => attribute.value ?? '')
    .map((value) => [value.slice(0, value.indexOf(' ')), value.slice(value.indexOf(' ') + 1)] as const);
}
