/** The messages of a scripted party: what a scenario says goes in, the rest is filled in. */
import type { Address, Message } from 'sip';
import type { PartyDialog, PartyIdentity } from './party-dialog.ts';
import type { Direction } from '../teams-simulator/media.ts';
import type { MediaKind } from './party-media.ts';

export interface Sending {
  /** Number that is called. With it, a request stands outside every call, and an INVITE begins a new one. */
  readonly to?: string;
  /** Number in From of a new call, or a whole `sip:` URI. */
  readonly from?: string;
  /** Default: the party's own kind in an INVITE. `none`: no body; a text: that description. */
  readonly offer?: MediaKind | 'none' | `v=0${string}`;
  /** Default: the party's own kind in the 200 of an INVITE. */
  readonly answer?: MediaKind | 'none' | `v=0${string}`;
  readonly direction?: Direction;
  /** Further or other headers, names in lower case; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: { readonly type: string; readonly content: string };
  /** Request URI, where it is not the dialog's. */
  readonly uri?: string;
  /** The request that a response answers, by its method. Default: the newest. */
  readonly for?: string;
  /** To tag of a response, for forks. Default: one for the whole dialog. */
  readonly toTag?: string;
  /** Reason phrase. */
  readonly phrase?: string;
  /** Name of the call, where a party has several. Default: its newest. */
  readonly call?: string;
}

export interface Body {
  readonly type: string;
  readonly content: string;
}

const PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  486: 'Busy Here',
  487: 'Request Terminated',
};

export function requestMessage(
  identity: PartyIdentity,
  method: string,
  dialog: PartyDialog,
  parts: { sequence: number; branch: string; sending: Sending; body: Body | undefined },
): Message {
  const { sending, body, sequence, branch } = parts;
  const { via } = identity;
  return {
    method,
    uri: sending.uri ?? dialog.remoteTarget,
    headers: {
      via: [{ ...via, params: { branch, ...(via.protocol === 'UDP' ? { rport: null } : {}) } }],
      'max-forwards': 70,
      from: dialog.local,
      to: dialog.remote,
      'call-id': dialog.callId,
      cseq: { seq: sequence, method },
      'content-length': 0,
      ...(dialog.route === '' ? {} : { route: dialog.route }),
      ...(body ? { 'content-type': body.type } : {}),
      ...sending.headers,
    },
    content: body?.content ?? '',
  };
}

export function responseMessage(
  identity: PartyIdentity,
  request: Message,
  status: number,
  parts: { tag: string; sending: Sending; body: Body | undefined },
): Message {
  const { tag, sending, body } = parts;
  const { via, from, to, cseq } = request.headers;
  const isForming = request.method === 'INVITE' && status > 100 && status < 300;
  return {
    status,
    reason: sending.phrase ?? PHRASES[status] ?? 'Reason',
    headers: {
      via,
      from,
      to: status === 100 ? to : { ...to, params: { ...to.params, tag } },
      'call-id': request.headers['call-id'],
      cseq,
      'content-length': 0,
      ...(isForming ? { contact: [{ uri: identity.contact, params: {} }] } : {}),
      ...(isForming && identity.recordRoute !== undefined ? { 'record-route': identity.recordRoute } : {}),
      ...(body ? { 'content-type': body.type } : {}),
      ...sending.headers,
    },
    content: body?.content ?? '',
  };
}

/** CANCEL, and the ACK of a refusal: the INVITE's branch and CSeq (RFC 3261 §9.1, §17.1.1.3). */
export function hopByHop(method: 'ACK' | 'CANCEL', invite: Message, to: Address, sending: Sending = {}): Message {
  const { via, from, cseq } = invite.headers;
  return {
    method,
    uri: invite.uri ?? '',
    headers: {
      via,
      'max-forwards': 70,
      from,
      to,
      'call-id': invite.headers['call-id'],
      cseq: { seq: cseq.seq, method },
      'content-length': 0,
      ...sending.headers,
    },
  };
}
