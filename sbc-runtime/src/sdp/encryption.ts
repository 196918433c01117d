/**
 * SRTP keys in descriptions (RFC 4568): one suite, one key. Towards the relay every key has tag 1: RTPEngine falls silent
 * where an answer has another tag than the offer, as Microsoft's have, and takes a new key of ours where tags change.
 */
import { parseSdp, type Attribute, type MediaSection } from './description.ts';

/** Teams: mandatory in offers and answers. */
const SUITE = 'AES_CM_128_HMAC_SHA1_80';
const CRYPTO = 'a=crypto:';
const OUR_TAG = '1';

/** What is missing, for the log; undefined where the stream is encrypted, refused, or no RTP. */
export function encryptionFault({ port, profile, attributes }: MediaSection): string | undefined {
  if (port === 0 || !profile.includes('RTP/')) return undefined;
  if (!profile.includes('SAVP')) return `${profile} where SRTP is required`;
  return attributes.some(isOfTheSuite) ? undefined : `no a=crypto line with ${SUITE}`;
}

/** Of several keys the first of the suite, under tag 1. Text without such a key comes back as it is. */
export function withOneKey(text: string): string {
  const first = text.indexOf(CRYPTO);
  if (first < 0) return text;
  const isPlain = text.startsWith(`${CRYPTO}${OUR_TAG} ${SUITE} `, first) && !text.includes(CRYPTO, first + 1);
  return isPlain
    ? text
    : mapKeys(text, (_index, section) => (section.attributes.some(isOfTheSuite) ? OUR_TAG : undefined));
}

/** RFC 4568 §5.1.2: an answer has the tag of the key that it takes from `offer`. */
export function withOfferedTag(offer: string, answer: string): string {
  if (!hasOtherTags(offer)) return answer;
  const asked = parseSdp(offer);
  return asked === undefined
    ? answer
    : mapKeys(answer, (index) => tagOf(asked.media[index]?.attributes.find(isOfTheSuite)));
}

function isOfTheSuite({ name, value }: Attribute): boolean {
  return name === 'crypto' && value?.split(' ', 2)[1] === SUITE;
}

function tagOf(crypto: Attribute | undefined): string | undefined {
  return crypto?.value?.split(' ', 1)[0];
}

/** Whether the first key of some stream, of whatever suite, has another tag than ours. */
function hasOtherTags(offer: string): boolean {
  for (let at = offer.indexOf(CRYPTO); at >= 0; at = offer.indexOf(CRYPTO, at + 1)) {
    if (!offer.startsWith(`${OUR_TAG} `, at + CRYPTO.length)) return true;
  }
  return false;
}

/** Leaves one key in each stream, the first of the suite, under the tag that `newTag` gives it; undefined leaves a stream alone. */
function mapKeys(text: string, newTag: (index: number, section: MediaSection) => string | undefined): string {
  const sdp = parseSdp(text);
  if (sdp === undefined) return text;
  const lines = sdp.lines.slice(0, sdp.media[0]?.firstLine ?? sdp.lines.length);
  sdp.media.forEach((section, index) => {
    const own = sdp.lines.slice(section.firstLine, section.endLine);
    const tag = newTag(index, section);
    lines.push(...(tag === undefined ? own : withTag(own, tag)));
  });
  return `${lines.join('\r\n')}\r\n`;
}

function withTag(lines: readonly string[], tag: string): string[] {
  const kept: string[] = [];
  let hasKey = false;
  for (const line of lines) {
    if (!line.startsWith(CRYPTO)) kept.push(line);
    else if (!hasKey && line.split(' ', 2)[1] === SUITE) {
      kept.push(`${CRYPTO}${tag}${line.slice(line.indexOf(' '))}`);
      hasKey = true;
    }
  }
  return kept;
}
