/**
 * What must be right in a description before RTPEngine sees it. 10.5 ends itself on an m= line of 5000 formats, under all
 * calls at once, and writes a description that it cannot read into its log, keys included. Pure.
 */
import { MAX_SDP_BYTES, parseSdp, type MediaSection, type Sdp } from '../../sdp/description.ts';
import { encryptionFault } from '../../sdp/encryption.ts';
import type { MediaProfile } from '../../sdp/media-profile.ts';

const MAX_MEDIA = 16;
/** Teams: it offers 14. Every codec that RTPEngine knows, twice, would not reach it. */
const MAX_FORMATS = 128;
const MAX_LINE_BYTES = 4096;
const MAX_FORMAT_LENGTH = 32;

/**
 * Undefined: it may be handed over. Otherwise what is wrong, for the log. `transport` is that of the side that wrote it:
 * RTPEngine would answer plain RTP with plain RTP, also where SRTP is required.
 */
export function sdpFault(text: string, transport: MediaProfile['transport']): string | undefined {
  if (text.length > MAX_SDP_BYTES) return `SDP of ${text.length} octets, at most ${MAX_SDP_BYTES}`;
  const sdp = parseSdp(text);
  if (sdp === undefined) return 'SDP that cannot be read';
  if (sdp.lines.some((line) => line.length > MAX_LINE_BYTES)) return `a line longer than ${MAX_LINE_BYTES} octets`;
  if (sdp.media.length === 0) return 'no m= line';
  if (sdp.media.length > MAX_MEDIA) return `${sdp.media.length} m= lines, at most ${MAX_MEDIA}`;
  for (const section of sdp.media) {
    const fault = mediaFault(section, sdp) ?? (transport === 'RTP/SAVP' ? encryptionFault(section) : undefined);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function mediaFault(section: MediaSection, sdp: Sdp): string | undefined {
  if (section.formats.length > MAX_FORMATS) return `${section.formats.length} formats, at most ${MAX_FORMATS}`;
  if (section.formats.some((format) => format.length > MAX_FORMAT_LENGTH)) return 'a format name out of bounds';
  // RFC 3264 §6: a section with port 0 is refused; its address says nothing.
  if (section.port === 0) return undefined;
  const address = section.connection ?? sdp.sessionConnection;
  if (address === undefined) return 'no c= line (RFC 8866 §5.7)';
  return isAddress(address) ? undefined : 'a c= line that names no IP address';
}

/** RTPEngine resolves no names. */
function isAddress(text: string): boolean {
  return (
    /^[0-9]{1,3}(\.[0-9]{1,3}){3}(\/|$)/.test(text) || (text.includes(':') && /^[0-9A-Fa-f:.]{2,45}(\/|$)/.test(text))
  );
}
