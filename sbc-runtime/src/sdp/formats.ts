/** Payload types of the audio section: what they mean, and descriptions with more or fewer of them. Pure. */
import { audioSection, parseSdp, type MediaSection, type Sdp } from './description.ts';
import { codecNames, codecsByFormat } from './codecs.ts';

/** Names that carry no voice: no call can live on them alone. */
const notVoice: ReadonlySet<string> = new Set(['telephone-event', 'cn']);

/** Lower-case names of the voice codecs, in order of preference. */
export function voiceCodecs(text: string): string[] {
  return codecNames(text)
    .map((name) => name.toLowerCase())
    .filter((name) => !notVoice.has(name));
}

/**
 * `text` with those formats of `other` behind its own whose codec it does not name yet: all that both sides of a call can
 * do. Payload types that mean something else in `text` are left out. Text that is no description comes back unchanged.
 */
export function withFormatsOf(text: string, other: string): string {
  const sdp = parseSdp(text);
  const otherSdp = parseSdp(other);
  const audio = sdp && audioSection(sdp);
  const source = otherSdp && audioSection(otherSdp);
  if (!sdp || !audio || !otherSdp || !source) return text;
  const known = new Set(codecNames(text).map((name) => name.toLowerCase()));
  const theirs = codecsByFormat(source);
  const added = source.formats.filter((format) => {
    const name = theirs.get(format)?.toLowerCase();
    return name !== undefined && !known.has(name) && !audio.formats.includes(format);
  });
  if (added.length === 0) return text;
  const lines = [...sdp.lines];
  lines.splice(audio.endLine, 0, ...linesOf(otherSdp, source, added));
  lines[audio.firstLine] = `${lines[audio.firstLine] ?? ''} ${added.join(' ')}`;
  return `${lines.join('\r\n')}\r\n`;
}

/** Only the named voice codec (lower case), and what carries no voice. Without that codec `text` comes back unchanged. */
export function withOneVoiceCodec(text: string, codec: string): string {
  const sdp = parseSdp(text);
  const audio = sdp && audioSection(sdp);
  if (!sdp || !audio) return text;
  const codecs = codecsByFormat(audio);
  const dropped = new Set(
    audio.formats.filter((format) => {
      const name = codecs.get(format)?.toLowerCase();
      return name !== codec && (name === undefined || !notVoice.has(name));
    }),
  );
  if (dropped.size === 0 || !voiceCodecs(text).includes(codec)) return text;
  const kept = audio.formats.filter((format) => !dropped.has(format));
  const lines: string[] = [];
  sdp.lines.forEach((line, at) => {
    if (at === audio.firstLine) lines.push(`m=audio ${audio.port} ${audio.profile} ${kept.join(' ')}`);
    else if (at < audio.firstLine || at >= audio.endLine || !dropped.has(formatOf(line) ?? '')) lines.push(line);
  });
  return `${lines.join('\r\n')}\r\n`;
}

function linesOf(sdp: Sdp, section: MediaSection, formats: readonly string[]): string[] {
  return sdp.lines
    .slice(section.firstLine + 1, section.endLine)
    .filter((line) => formats.includes(formatOf(line) ?? ''));
}

/** The payload type that an `a=rtpmap:`, `a=fmtp:` or `a=rtcp-fb:` line is about. */
function formatOf(line: string): string | undefined {
  const isAboutFormat = line.startsWith('a=rtpmap:') || line.startsWith('a=fmtp:') || line.startsWith('a=rtcp-fb:');
  return isAboutFormat ? line.slice(line.indexOf(':') + 1).split(' ', 1)[0] : undefined;
}
