/** What an answer of RTPEngine means for a call. Pure. The texts are those of rtpengine 10.5 to 13. */
import type { MediaResult } from '../media-relay.ts';
import type { BencodeDictionary } from './bencode.ts';
import { isDictionary, isList } from './bencode.ts';
import type { NgReply } from './ng-client.ts';

/** Reasons that lie in the SDP: the peer gets 488. Any other refusal is the relay's own trouble: 503. */
const faultsOfTheSdp = ['Failed to parse SDP', 'Error rewriting SDP', 'Incompatible', 'No codec'];

/** An offer or answer's result; `Ran out of ports`, `Parallel session limit reached`, `Load limit exceeded` and `Unknown call-id` are 503. */
export function sdpResult(answer: BencodeDictionary): MediaResult {
  const { result, sdp } = answer;
  if (result === 'ok' && typeof sdp === 'string' && sdp !== '') return { kind: 'sdp', sdp };
  // An empty SDP is answered "ok" without one.
  const reason = result === 'ok' ? 'No SDP came back' : errorReason(answer);
  const isSdpAtFault = result === 'ok' || faultsOfTheSdp.some((fault) => reason.startsWith(fault));
  return { kind: 'refused', reason, status: isSdpAtFault ? 488 : 503 };
}

/** Whether a `delete` is done: the session is gone or was never known ("ok" with a warning, in older ones an error). */
export function isDeleted(answer: BencodeDictionary): boolean {
  return answer['result'] === 'ok' || saysUnknown(answer);
}

/** Whether RTPEngine says that it has no such session; an answer that did not come says nothing. */
export function isUnknown(reply: NgReply): boolean {
  return reply.kind === 'answer' && reply.answer['result'] !== 'ok' && saysUnknown(reply.answer);
}

/** How long RTPEngine runs, from a `statistics` answer: whole seconds, written as a text. */
export function uptimeSeconds(answer: BencodeDictionary): number | undefined {
  const { statistics } = answer;
  const total = isDictionary(statistics) ? statistics['totalstatistics'] : undefined;
  const uptime = isDictionary(total) ? Number(total['uptime']) : Number.NaN;
  return Number.isFinite(uptime) && uptime >= 0 ? uptime : undefined;
}

function saysUnknown(answer: BencodeDictionary): boolean {
  return errorReason(answer).toLowerCase().startsWith('unknown call-id');
}

/** The sessions in a `list` answer. */
export function listedSessions(answer: BencodeDictionary): readonly string[] {
  const { calls } = answer;
  return isList(calls) ? calls.filter((call) => typeof call === 'string') : [];
}

function errorReason(answer: BencodeDictionary): string {
  const reason = answer['error-reason'] ?? answer['message'] ?? answer['result'];
  return typeof reason === 'string' && reason !== '' ? reason : 'No reason given';
}
