/** Answers that fit the offer they answer (RFC 3264 §6, §8.4). Pure. */
import { parseSdp, type Direction } from './description.ts';
import { withOfferedTag } from './encryption.ts';
import { rewritten } from './rewritten.ts';

/**
 * The answer as the offer allows it: its key under the tag it was offered with, no louder than the offer (a side that does
 * not send is not listened to), and a stream offered with port 0 refused. `offer` is what the asking side wrote, `answer`
 * what it would get.
 */
export function fittingAnswer(offer: string, answer: string): string {
  const tagged = withOfferedTag(offer, answer);
  return mayNarrowAnswers(offer) ? narrowedAnswer(offer, tagged) : tagged;
}

function narrowedAnswer(offer: string, answer: string): string {
  const asked = parseSdp(offer);
  const given = parseSdp(answer);
  if (asked === undefined || given === undefined) return answer;
  const changes = given.media.map((section, index) => {
    const offered = asked.media[index];
    if (offered === undefined) return {};
    if (offered.port === 0) return { port: 0 };
    return { direction: common(section.direction, offered.direction) };
  });
  return rewritten(given, changes);
}

/** A quick look that may say yes too often: nearly every offer is spared the rest. */
function mayNarrowAnswers(offer: string): boolean {
  return (
    offer.includes('a=inactive') ||
    offer.includes('a=sendonly') ||
    offer.includes('a=recvonly') ||
    hasRefusedStream(offer)
  );
}

/** `m=audio 0 …` */
function hasRefusedStream(text: string): boolean {
  for (let at = text.indexOf('\nm='); at >= 0; at = text.indexOf('\nm=', at)) {
    at += 3;
    // A line that ends before its port ends the word as well.
    while (text.charCodeAt(at) > 0x20) at++;
    if (text.startsWith(' 0', at)) return true;
  }
  return false;
}

function common(answered: Direction, offered: Direction): Direction {
  return directionOf(sends(answered) && receives(offered), receives(answered) && sends(offered));
}

function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

function directionOf(isSending: boolean, isReceiving: boolean): Direction {
  if (isSending) return isReceiving ? 'sendrecv' : 'sendonly';
  return isReceiving ? 'recvonly' : 'inactive';
}
