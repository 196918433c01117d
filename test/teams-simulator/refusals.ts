/**
 * What Microsoft refuses, and in which words. Where no capture or page gives the words, they are ours and the sub-code or
 * the phrase is Microsoft's (docs/teams-simulator.md tells which).
 */
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import sip, { type Message } from 'sip';
import { directionOf, payloadTypes, readMedia } from './media.ts';

export interface Refusal {
  readonly status: number;
  readonly phrase?: string;
  /** Value of the Reason header (RFC 3326). */
  readonly reason: string;
  /** Microsoft's sub-code, as its call records show it. */
  readonly subCode?: number;
}

/** `Q.850;cause=63;text="<guid>;<words>"`: the guid is the one that Microsoft's support asks for. */
const reasonOf = (cause: number, words: string): string => `Q.850;cause=${cause};text="${randomUUID()};${words}"`;

const refusal = (status: number, cause: number, words: string, more: Partial<Refusal> = {}): Refusal => ({
  status,
  reason: reasonOf(cause, words),
  ...more,
});

export const refusals = {
  noContact: () => refusal(403, 63, 'Record-Route and Contact headers are missing'),
  foreignName: (host: string, names: readonly string[]) =>
    refusal(
      403,
      63,
      `Provided Trunk FQDN '${host}' is not allowed. Connection allows following fqdns: ${names.join(', ')}.`,
    ),
  unknownTenant: () => refusal(403, 63, 'No trunk config was found', { subCode: 510_532 }),
  unknownCallee: () => refusal(404, 1, 'The callee was not found', { subCode: 511_404 }),
  offlineCallee: () => refusal(480, 31, 'No callee endpoints were found.'),
  plainMedia: () => refusal(488, 88, 'SrtpEncryptionRequired', { subCode: 531_000 }),
  sameTypeTwice: () => refusal(488, 88, 'CannotSupportAnyMedia', { subCode: 531_000 }),
  noCandidates: () => refusal(488, 88, 'No ICE candidates in the offer of a media bypass trunk', { subCode: 531_027 }),
  noOffer: () => refusal(488, 88, 'An INVITE without an offer is not supported'),
  unreadableOffer: () => refusal(410, 22, 'SdpParsingFailure', { subCode: 531_000 }),
  replaces: () => refusal(403, 63, 'Replaces is not supported'),
  strangeHold: (what: string) => refusal(488, 88, `${what} is not supported, use inactive`),
  changedMux: () =>
    refusal(
      488,
      88,
      'CannotChangeRtcpMultiplexing, InternalErrorPhrase: Cannot change RTCP multiplexing from existing active media',
    ),
  malformedStart: () => refusal(504, 38, 'Invalid Request/Response line', { subCode: 549_002 }),
  changedTransfer: () => refusal(400, 95, 'The INVITE is not the one that REFER asked for'),
  demoted: () => refusal(503, 38, 'The trunk sent no OPTIONS'),
};

/** Why Microsoft hangs up: its 200 was never acknowledged. */
export const MISSING_ACK = () => reasonOf(102, 'The SBC did not acknowledge 200 OK (1106/408)');

/** What an INVITE of the SBC, new or within a dialog, may not be. */
export function judgeInvite(invite: Message): Refusal | undefined {
  if (invite.headers['replaces'] !== undefined) return refusals.replaces();
  const offer = invite.content ?? '';
  if (offer === '') return refusals.noOffer();
  return judgeOffer(offer);
}

/** `earlier` is what the SBC said before in the same dialog. */
export function judgeOffer(offer: string, earlier?: string): Refusal | undefined {
  const media = readMedia(offer);
  if (!media) return refusals.unreadableOffer();
  if (media.port !== 0 && !(/SAVP/.test(media.profile) && media.keys.length > 0)) return refusals.plainMedia();
  const types = payloadTypes(offer);
  if (new Set(types).size < types.length) return refusals.sameTypeTwice();
  const direction = directionOf(offer);
  if (direction === 'sendonly' || direction === 'recvonly') return refusals.strangeHold(`a=${direction}`);
  if (media.address === '0.0.0.0') return refusals.strangeHold('c=0.0.0.0');
  const before = earlier === undefined ? undefined : readMedia(earlier);
  if (before && before.isMuxed !== media.isMuxed) return refusals.changedMux();
  return undefined;
}

/** An address where a name must stand: `sip:10.0.0.1:5061`. */
export function namesAnAddress(uri: string): boolean {
  const parsed = sip.parseUri(uri);
  // The codec reads no IPv6 reference at all.
  return parsed ? isIP(parsed.host) !== 0 : /@?\[[0-9a-fA-F:.]+\]/.test(uri);
}
