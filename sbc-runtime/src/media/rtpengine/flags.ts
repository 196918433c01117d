/** Offers, answers and the like as NG dictionaries. Pure. Each flag was tried on rtpengine 10.5.3 (test/integration/rtpengine-flags.test.ts). */
import type { MediaAnswer, MediaOffer, MediaProfile } from '../media-relay.ts';
import type { BencodeDictionary, BencodeValue } from './bencode.ts';

/**
 * Teams: AES_CM_128_HMAC_SHA1_80 is the suite that both sides must have. RTPEngine 10.5 ignores `only-…` and then offers
 * twelve, so that each of the others is named. A suite dropped here is also never picked out of a peer's offer.
 */
const ONE_SUITE: readonly string[] = [
  'no-AES_CM_128_HMAC_SHA1_32',
  'no-AES_192_CM_HMAC_SHA1_80',
  'no-AES_192_CM_HMAC_SHA1_32',
  'no-AES_256_CM_HMAC_SHA1_80',
  'no-AES_256_CM_HMAC_SHA1_32',
  'no-F8_128_HMAC_SHA1_80',
  'no-F8_128_HMAC_SHA1_32',
  'no-NULL_HMAC_SHA1_80',
  'no-NULL_HMAC_SHA1_32',
  'no-AEAD_AES_128_GCM',
  'no-AEAD_AES_256_GCM',
];

/**
 * Without the first two, the peer's own address stays in the session's part of the SDP; without the third, the 0.0.0.0 of
 * a PBX that holds. Teams: it wants a real address at any time.
 */
const REPLACE: readonly string[] = ['origin', 'session-connection', 'zero-address'];

/** Otherwise a side that moves its media makes RTPEngine take new ports towards the other one, who is not told. */
const KEEP_PORTS: readonly string[] = ['port latching'];

/** RFC 4733. DTMF must survive every choice of codecs. */
const TELEPHONE_EVENT = 'telephone-event';

export function offerCommand(callId: string, offer: MediaOffer): BencodeDictionary {
  const { from, to } = offer;
  return {
    command: 'offer',
    'call-id': callId,
    'from-tag': offer.fromTag,
    'to-tag': offer.toTag,
    sdp: offer.sdp,
    direction: [from.interface, to.interface],
    'transport-protocol': to.transport,
    ICE: 'remove',
    DTLS: 'off',
    'rtcp-mux': [to.rtcpMux],
    replace: REPLACE,
    SDES: ONE_SUITE,
    flags: KEEP_PORTS,
    codec: codecFlags(to),
    'media address': to.advertisedAddress,
  };
}

/** NG keeps the offer's tags; the side that the SDP goes to is the offerer, `to` here. */
export function answerCommand(callId: string, answer: MediaAnswer): BencodeDictionary {
  return {
    command: 'answer',
    'call-id': callId,
    'from-tag': answer.fromTag,
    'to-tag': answer.toTag,
    sdp: answer.sdp,
    // Said again: an offer with ICE would otherwise be answered with candidates.
    ICE: 'remove',
    replace: REPLACE,
    flags: KEEP_PORTS,
    'media address': answer.to.advertisedAddress,
  };
}

/** RTPEngine keeps a deleted session for 30 s unless it is told not to: its ports would be missing. */
export function deleteCommand(callId: string): BencodeDictionary {
  return { command: 'delete', 'call-id': callId, 'delete delay': 0 };
}

/** Whether it knows a session. The tag is nobody's: the answer without any tag's numbers is a tenth as long. */
export function queryCommand(callId: string): BencodeDictionary {
  return { command: 'query', 'call-id': callId, 'from-tag': 'nobody' };
}

/** Tells how long it runs, and much besides (8 KB): asked where that matters alone. */
export function statisticsCommand(): BencodeDictionary {
  return { command: 'statistics' };
}

/** The answer must fit a datagram: at most 500 names. */
export function listCommand(limit: number): BencodeDictionary {
  return { command: 'list', limit };
}

/** `offer` keeps the named ones, in this order; everything else goes. */
function codecFlags(to: MediaProfile): BencodeValue | undefined {
  if (to.codecs.length === 0) return undefined;
  const kept = to.codecs.some(isTelephoneEvent) ? to.codecs : [...to.codecs, TELEPHONE_EVENT];
  return { strip: ['all'], offer: kept };
}

/**
 * Whether a side that may see `allowed` (`opus`, `opus/48000/2`) shares a voice codec with the encodings in an SDP
 * (`opus/48000/2`). Compared as RTPEngine does: without case (RFC 4855 §3), by the name or by all of it.
 */
export function hasCommonVoiceCodec(offered: readonly string[], allowed: readonly string[]): boolean {
  if (allowed.length === 0) return true;
  const wanted = new Set(allowed.map(withoutOneChannel));
  return offered.some((encoding) => {
    const name = nameOf(encoding);
    return isVoice(name) && (wanted.has(name) || wanted.has(withoutOneChannel(encoding)));
  });
}

function isVoice(name: string): boolean {
  return name !== TELEPHONE_EVENT && name !== 'cn';
}

/** RFC 8866 §6.6: one channel need not be said. */
function withoutOneChannel(encoding: string): string {
  const lower = encoding.toLowerCase();
  return lower.endsWith('/1') ? lower.slice(0, -2) : lower;
}

function isTelephoneEvent(codec: string): boolean {
  return nameOf(codec) === TELEPHONE_EVENT;
}

/** `opus` of `opus/48000/2`. */
function nameOf(codec: string): string {
  return (codec.split('/', 1)[0] ?? codec).toLowerCase();
}
