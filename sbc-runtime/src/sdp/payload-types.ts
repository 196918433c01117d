/** Payload types that a description uses twice (RFC 8866 §5.14: each names one format). Line scans; text without a clash comes back as it is. */
import { splitLines } from './description.ts';

/**
 * The first meaning of every payload type stays, later ones go: from the m= line, and with their `rtpmap` the `fmtp` and
 * `rtcp-fb` that follow it. Teams: it refuses a call with a clash (488), which many a PBX writes for telephone-event.
 */
export function withUniquePayloadTypes(text: string): string {
  const lines = splitLines(text);
  const kept: string[] = [];
  const section: Section = { mapped: new Set(), dropped: new Set() };
  let hasClash = false;
  for (const line of lines) {
    const clean = cleanLine(line, section);
    if (clean !== undefined) kept.push(clean);
    hasClash ||= clean !== line;
  }
  return hasClash ? `${kept.join('\r\n')}\r\n` : text;
}

/** One m= line's payload types: those with a `rtpmap`, and those of which a second one was dropped. */
interface Section {
  readonly mapped: Set<string>;
  readonly dropped: Set<string>;
}

/** Undefined: the line goes. */
function cleanLine(line: string, section: Section): string | undefined {
  if (line.startsWith('m=')) {
    section.mapped.clear();
    section.dropped.clear();
    return withoutRepeatedFormats(line);
  }
  if (line.startsWith('a=rtpmap:')) {
    const payloadType = line.slice('a=rtpmap:'.length, spaceIn(line));
    if (!section.mapped.has(payloadType)) {
      section.mapped.add(payloadType);
      return line;
    }
    section.dropped.add(payloadType);
    return undefined;
  }
  if (section.dropped.size === 0 || !(line.startsWith('a=fmtp:') || line.startsWith('a=rtcp-fb:'))) return line;
  return section.dropped.has(line.slice(line.indexOf(':') + 1, spaceIn(line))) ? undefined : line;
}

function withoutRepeatedFormats(line: string): string {
  const words = line.split(' ');
  const formats = words.slice(3);
  const unique = new Set(formats);
  return unique.size === formats.length ? line : [...words.slice(0, 3), ...unique].join(' ');
}

function spaceIn(line: string): number {
  const at = line.indexOf(' ');
  return at < 0 ? line.length : at;
}
