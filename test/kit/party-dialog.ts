/** One dialog as a scripted party keeps it (RFC 3261 §12), on npm `sip`'s messages. */
import sip, { type Address, type Message, type Uri, type Via } from 'sip';

export interface PartyDialog {
  readonly callId: string;
  /** With our tag. */
  readonly local: Address;
  /** With the peer's tag once it is known. */
  remote: Address;
  remoteTarget: string;
  /** Value of our Route header; empty: none. */
  route: string;
  /** Our last CSeq. */
  sequence: number;
  /** The peer's last CSeq. */
  remoteSequence: number;
  /** The newest INVITE of each side, for ACK, CANCEL and answers. */
  ownInvite: Message | undefined;
  ownInviteOk: Message | undefined;
  /** Requests that we got and have not finally answered, the newest last. */
  readonly unanswered: Message[];
}

/** Who a party is and how it writes. */
export interface PartyIdentity {
  /** `+498912345`: user of From in its calls. */
  readonly number: string;
  /** Host of its URIs: `sip.pstnhub.microsoft.com`, or its address. */
  readonly domain: string;
  /** Contact URI. */
  readonly contact: string;
  /** A Record-Route of its own proxy in front of it. */
  readonly recordRoute?: string;
  /** URI of a number at the SBC: what it calls. */
  readonly sbcUri: (user: string) => string;
  /** `SIP/2.0/TLS 10.0.0.1:5061` as Via without its branch. */
  readonly via: Omit<Via, 'params'>;
  /** Header names in upper case, as Microsoft writes them. */
  readonly writesUpperCase: boolean;
}

export const tagOf = (address: Address): string | undefined => address.params['tag'] ?? undefined;

export const uriOf = (address: Address): Uri | undefined => sip.parseUri(address.uri);

export const branchOf = (message: Message): string => message.headers.via[0]?.params['branch'] ?? '';

/** The same for every copy of one message. RFC 3261 §17.1.3 for requests; an ACK of a 2xx has a new branch each time. */
export function keyOf(message: Message): string {
  const { cseq, to } = message.headers;
  if (message.method === 'ACK') return `ACK ${message.headers['call-id']} ${cseq.seq}`;
  if (message.method !== undefined) return `${message.method} ${branchOf(message)}`;
  return `${message.status ?? 0} ${cseq.method} ${branchOf(message)} ${tagOf(to) ?? ''} ${message.content ?? ''}`;
}

/** RFC 3261 §12.1: the UAC takes Record-Route in reverse. */
export function routeOf(message: Message, isUac: boolean): string {
  const recordRoutes = message.headers['record-route'];
  if (!Array.isArray(recordRoutes)) return '';
  const uris = recordRoutes.map((each) => `<${sip.stringifyUri(each.uri ?? '')}>`);
  return (isUac ? uris.reverse() : uris).join(', ');
}

/** A call that we receive. */
export function dialogOfInvite(invite: Message, tag: string): PartyDialog {
  const { to, from, cseq, contact } = invite.headers;
  return {
    callId: invite.headers['call-id'],
    local: { ...to, params: { ...to.params, tag } },
    remote: from,
    remoteTarget: contact?.[0]?.uri ?? '',
    route: routeOf(invite, false),
    sequence: 0,
    remoteSequence: cseq.seq,
    ownInvite: undefined,
    ownInviteOk: undefined,
    unanswered: [],
  };
}

/** A call that we place. */
export function dialogOfCall(
  identity: PartyIdentity,
  to: string,
  ids: { readonly callId: string; readonly tag: string },
  from = identity.number,
): PartyDialog {
  return {
    callId: ids.callId,
    local: { uri: `sip:${from}@${identity.domain}`, params: { tag: ids.tag } },
    remote: { uri: identity.sbcUri(to), params: {} },
    remoteTarget: identity.sbcUri(to),
    route: '',
    sequence: 0,
    remoteSequence: 0,
    ownInvite: undefined,
    ownInviteOk: undefined,
    unanswered: [],
  };
}
