/**
 * What to make of an answer that came in an ACK: the other side has its own answer long since, so that the two may not fit
 * (RFC 3725 §4.1). Pure.
 */
import { audioSection, parseSdp, type Direction } from '../sdp/description.ts';
import { voiceCodecs } from '../sdp/formats.ts';
import { direction } from '../sdp/sdp.ts';

/**
 * `RelayOnly`: both sides are content, but the relay was told more than the other side had said. The rest: the other side
 * is asked again, about hold and resume, or about a codec that it did not choose.
 */
export type Disagreement = 'None' | 'RelayOnly' | 'Direction' | 'Codec';

export interface BothSides {
  /** What the one has answered. */
  readonly answer: string;
  /** What the other would hear of its direction, and what it heard last. */
  readonly wouldHear: Direction;
  readonly heard: Direction;
  /** What the other has agreed to. */
  readonly agreed: string;
  /** The other holds: it said so itself, and needs no telling. */
  readonly otherHolds: boolean;
}

export function disagreement(sides: BothSides): Disagreement {
  const said = voiceCodecs(sides.answer);
  const agreed = voiceCodecs(sides.agreed);
  const [firstSaid] = said;
  const [firstAgreed] = agreed;
  // Each sends what it names first (RFC 3264 §5.1); more than that is not needed to hear each other.
  const hear = (codec: string | undefined, codecs: readonly string[]) => codec === undefined || codecs.includes(codec);
  if (!hear(firstSaid, agreed) || !hear(firstAgreed, said)) return 'Codec';
  if (!sides.otherHolds && sides.wouldHear !== sides.heard) return 'Direction';
  return direction(sides.agreed) === 'sendrecv' ? 'None' : 'RelayOnly';
}

/** An answer that takes the audio, with a voice codec that was offered. */
export function isUsableAnswer(offer: string, answer: string): boolean {
  const sdp = parseSdp(answer);
  if (((sdp && audioSection(sdp))?.port ?? 0) === 0) return false;
  const offered = new Set(voiceCodecs(offer));
  return voiceCodecs(answer).some((codec) => offered.has(codec));
}
