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
  /** The peer's last CSeq, by our To tag: each fork has a dialog of its own. */
  readonly remoteSequences: Map<string, number>;
  /** Our To tags, where a call rings on several phones. */
  readonly tags: Set<string>;
  /** The newest INVITE of each side, for ACK, CANCEL and answers. */
  ownInvite: Message | undefined;
  ownInviteOk: Message | undefined;
  /** Requests that we got and have not finally answered, the newest last. */
  readonly unanswered: Message[];
  /** The INVITE that calls us: a fork may answer it after another one has. */
  readonly invite: Message | undefined;
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
  if (message.method === 'ACK') return `ACK ${message.headers['call-id']} ${cseq.seq} ${tagOf(to) ?? ''}`;
  if (message.method !== undefined) return `${message.method} ${branchOf(message)}`;
  return `${message.status ?? 0} ${cseq.method} ${branchOf(message)} ${tagOf(to) ?? ''} ${message.content ?? ''}`;
}

/** RFC 3261 §12.1: the UAC takes Record-Route in reverse. */
function routeOf(message: Message, isUac: boolean): string {
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
    remoteSequences: new Map([[tag, cseq.seq]]),
    tags: new Set([tag]),
    ownInvite: undefined,
    ownInviteOk: undefined,
    unanswered: [],
    invite,
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
    local: { uri: from.startsWith('sip:') ? from : `sip:${from}@${identity.domain}`, params: { tag: ids.tag } },
    remote: { uri: identity.sbcUri(to), params: {} },
    remoteTarget: identity.sbcUri(to),
    route: '',
    sequence: 0,
    remoteSequences: new Map(),
    tags: new Set([ids.tag]),
    ownInvite: undefined,
    ownInviteOk: undefined,
    unanswered: [],
    invite: undefined,
  };
}

/** What a user agent checks before it believes a message within a dialog (RFC 3261 §12.2). `contact`: ours. */
export function dialogProblem(dialog: PartyDialog | undefined, message: Message, contact: string): string | undefined {
  const { from, to, cseq } = message.headers;
  if (message.method === undefined) {
    return dialog && tagOf(from) === tagOf(dialog.local)
      ? undefined
      : 'From tag or Call-ID is not that of a request we sent';
  }
  if (message.headers['max-forwards'] === undefined) return 'Max-Forwards is missing';
  if (!dialog || tagOf(to) === undefined) return undefined;
  const tag = tagOf(to) ?? '';
  if (!dialog.tags.has(tag)) return 'To tag is not ours';
  if (tagOf(from) !== tagOf(dialog.remote)) return 'From tag is not the one that the dialog began with';
  if (message.method !== 'ACK' && message.method !== 'CANCEL' && cseq.seq <= (dialog.remoteSequences.get(tag) ?? 0))
    return `CSeq ${cseq.seq} does not grow`;
  if (message.method !== 'CANCEL' && message.uri !== contact)
    return `request URI ${message.uri ?? ''} is not our Contact`;
  return undefined;
}

export function takeRequest(dialog: PartyDialog, request: Message): void {
  if (request.method === 'ACK') return;
  dialog.unanswered.push(request);
  const tag = tagOf(request.headers.to) ?? tagOf(dialog.local) ?? '';
  if (request.method !== 'CANCEL') dialog.remoteSequences.set(tag, request.headers.cseq.seq);
  const target = request.headers.contact?.[0]?.uri;
  if (target !== undefined) dialog.remoteTarget = target;
}

/** A provisional response or 2xx to an INVITE makes or moves the dialog; others change nothing. */
export function takeResponse(dialog: PartyDialog, response: Message, identity: PartyIdentity): void {
  const status = response.status ?? 0;
  if (response.headers.cseq.method !== 'INVITE' || status <= 100 || status >= 300) return;
  dialog.remote = response.headers.to;
  const target = response.headers.contact?.[0]?.uri;
  if (target !== undefined) dialog.remoteTarget = target;
  if (status < 200) return;
  dialog.ownInviteOk = response;
  // What we put there ourselves comes back; the SBC needs no route towards itself.
  if (identity.recordRoute === undefined) dialog.route = routeOf(response, true);
}
