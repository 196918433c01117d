/** What an arrow of a ladder says about a message; composed here because the observability room knows no SIP. Pure. */
import type { MessageReading } from './observability/ladder.ts';
import { audioSection, parseSdp } from './sdp/description.ts';
import { codecNames } from './sdp/codecs.ts';
import type { Response } from './sip/message.ts';
import { parseDatagram } from './sip/parse.ts';
import { sdpBody } from './b2bua/sdp-body.ts';

/** A message that cannot be read shows its first line. */
export function readMessage(text: string): MessageReading {
  const parsed = parseDatagram(text);
  if (!parsed.ok) return { title: text.slice(0, text.indexOf('\r\n')).slice(0, 60) };
  const { message } = parsed;
  const title = message.isRequest ? message.method : responseTitle(message);
  const reason = message.headers.get('Reason');
  const media = mediaOf(sdpBody(message));
  return { title, ...(media === undefined ? {} : { media }), ...(reason === undefined ? {} : { reason }) };
}

/** The method stands there only where it is not what one expects. */
function responseTitle({ status, reason, cseq }: Response): string {
  return cseq.method === 'INVITE' ? `${status} ${reason}` : `${status} ${reason} (${cseq.method})`;
}

function mediaOf(sdp: string | undefined): MessageReading['media'] {
  const parsed = sdp === undefined ? undefined : parseSdp(sdp);
  const audio = parsed && audioSection(parsed);
  if (sdp === undefined || audio === undefined) return undefined;
  return { profile: audio.profile, codecs: codecNames(sdp), direction: audio.direction };
}
