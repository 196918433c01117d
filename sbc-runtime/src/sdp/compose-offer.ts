/** An offer that nobody made: for a call whose INVITE came without one (RFC 3261 §13.2.1), so that its callee gets one. Pure. */

/** Encodings that can be offered by name. The payload types are the static ones of RFC 3551 §6, else those that peers mostly write. */
const encodings: Readonly<Record<string, { readonly format: number; readonly lines: readonly string[] }>> = {
  pcma: { format: 8, lines: ['a=rtpmap:8 PCMA/8000'] },
  pcmu: { format: 0, lines: ['a=rtpmap:0 PCMU/8000'] },
  // RFC 3551 §4.5.2: 8000 by mistake, and for ever.
  g722: { format: 9, lines: ['a=rtpmap:9 G722/8000'] },
  g729: { format: 18, lines: ['a=rtpmap:18 G729/8000', 'a=fmtp:18 annexb=no'] },
  opus: { format: 111, lines: ['a=rtpmap:111 opus/48000/2'] },
  'silk/8000': { format: 103, lines: ['a=rtpmap:103 SILK/8000'] },
  silk: { format: 104, lines: ['a=rtpmap:104 SILK/16000'] },
  cn: { format: 13, lines: ['a=rtpmap:13 CN/8000'] },
  'telephone-event': { format: 101, lines: ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-16'] },
};

/** What nearly everybody has; the first one is what a gateway in doubt takes. */
export const usualCodecs: readonly string[] = ['pcma', 'pcmu', 'g722'];

export interface ComposedOffer {
  /** `PCMA`, `opus/48000/2`: the best first; those that cannot be composed are left out. None left: PCMA, PCMU, G722. */
  readonly codecs: readonly string[];
  /** Where the caller's signalling comes from: the best guess at its media, and of the right family. */
  readonly address: string;
}

/**
 * Audio, both ways, with `telephone-event`. The port is 9, which discards (RFC 863): until the caller's ACK says where it
 * listens, nothing may be sent anywhere else.
 */
export function composeOffer({ codecs, address }: ComposedOffer): string {
  const asked = codecs.flatMap((codec) => known(codec.toLowerCase()) ?? []);
  const hasVoice = asked.some((name) => name !== 'telephone-event' && name !== 'cn');
  const names = new Set([...(hasVoice ? asked : usualCodecs), 'telephone-event']);
  const chosen = [...names].flatMap((name) => encodings[name] ?? []);
  const family = address.includes(':') ? 'IP6' : 'IP4';
  return [
    'v=0',
    `o=- 1 1 IN ${family} ${address}`,
    's=-',
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio 9 RTP/AVP ${chosen.map(({ format }) => format).join(' ')}`,
    ...chosen.flatMap(({ lines }) => lines),
    'a=ptime:20',
    'a=sendrecv',
    '',
  ].join('\r\n');
}

/** With its clock rate, else by the name alone. */
function known(codec: string): string | undefined {
  const name = codec.split('/', 1)[0] ?? codec;
  return [codec, name].find((each) => encodings[each] !== undefined);
}
