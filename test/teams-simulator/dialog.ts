/** One dialog of Teams' side (RFC 3261 §12): who both are, where requests go, and the requests as Microsoft writes them. */
import sip, { type Address, type Message } from 'sip';
import type { DataCentre } from './connection.ts';
import { AGENT, ALLOW, apiContact, newTag, newVia, recordRoute, response } from './messages.ts';

export interface RequestParts {
  /** Default: the next of the dialog. */
  readonly sequence?: number;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly sdp?: string;
}

export class Dialog {
  readonly callId: string;
  readonly local: Address;
  /** The same through the dialog, as Microsoft's: what the SBC must send its requests to. */
  readonly contact: Address[] = apiContact();
  remote: Address;
  remoteTarget: string;
  sequence: number;
  #routeSet = '';
  readonly #invite: Message;

  private constructor(invite: Message, isOurs: boolean, tag: string) {
    const { from, to, contact, cseq } = invite.headers;
    this.#invite = invite;
    this.callId = invite.headers['call-id'];
    this.local = isOurs ? from : { ...to, params: { ...to.params, tag } };
    this.remote = isOurs ? to : from;
    this.remoteTarget = isOurs ? (invite.uri ?? '') : (contact?.[0]?.uri ?? '');
    this.sequence = isOurs ? cseq.seq : 0;
    if (isOurs) this.contact = invite.headers.contact ?? this.contact;
    else this.#routeSet = routeSetOf(invite);
  }

  static ofOurs(invite: Message): Dialog {
    return new Dialog(invite, true, '');
  }

  static ofTheirs(invite: Message, tag = newTag()): Dialog {
    return new Dialog(invite, false, tag);
  }

  get localTag(): string {
    return this.local.params['tag'] ?? '';
  }

  /** A 2xx, or a 18x with a tag, of the SBC (RFC 3261 §12.1.2). */
  confirm(answer: Message): void {
    this.remote = answer.headers.to;
    this.#routeSet = routeSetOf(answer, true);
    this.retarget(answer);
  }

  /** Target refresh (RFC 3261 §12.2). */
  retarget(message: Message): void {
    this.remoteTarget = message.headers.contact?.[0]?.uri ?? this.remoteTarget;
  }

  request(method: string, from: DataCentre, parts: RequestParts = {}): Message {
    const needsContact = method === 'INVITE' || method === 'REFER';
    if (parts.sequence === undefined) this.sequence += 1;
    return {
      method,
      uri: this.remoteTarget,
      headers: {
        from: this.local,
        to: this.remote,
        cseq: { seq: parts.sequence ?? this.sequence, method },
        'call-id': this.callId,
        'max-forwards': 70,
        via: [newVia(from)],
        ...(this.#routeSet === '' ? {} : { route: this.#routeSet }),
        ...(needsContact ? { contact: this.contact } : {}),
        'content-length': 0,
        'user-agent': AGENT,
        allow: ALLOW,
        ...(parts.sdp === undefined ? {} : { 'content-type': 'application/sdp' }),
        ...parts.headers,
      },
      content: parts.sdp ?? '',
    };
  }

  /** To a request of the dialog, the INVITE that makes it included. */
  answer(request: Message, status: number, from: DataCentre, parts: { sdp?: string; headers?: object } = {}): Message {
    const isForming = request.method === 'INVITE' && status > 100 && status < 300;
    const own = isForming ? { 'record-route': recordRoute(from), contact: this.contact } : {};
    return response(request, status, {
      ...(status > 100 ? { toTag: this.localTag } : {}),
      headers: { ...own, ...parts.headers },
      ...(parts.sdp === undefined ? {} : { sdp: parts.sdp }),
    });
  }

  /** RFC 3261 §9.1: the branch and the number of the INVITE. */
  cancel(headers: Readonly<Record<string, unknown>> = {}): Message {
    return this.#ofInvite('CANCEL', this.#invite, this.#invite.headers.to, headers);
  }

  /** RFC 3261 §17.1.1.3: the ACK of a refusal belongs to the transaction. */
  ackRefusal(refusal: Message, invite = this.#invite): Message {
    return this.#ofInvite('ACK', invite, refusal.headers.to, {});
  }

  #ofInvite(method: string, invite: Message, to: Address, headers: Readonly<Record<string, unknown>>): Message {
    const { via, from, cseq, route } = invite.headers;
    return {
      method,
      uri: invite.uri ?? '',
      headers: {
        from,
        to,
        cseq: { seq: cseq.seq, method },
        'call-id': this.callId,
        'max-forwards': 70,
        via,
        ...(route === undefined ? {} : { route }),
        'content-length': 0,
        ...headers,
      },
    };
  }
}

/** RFC 3261 §12.1: the UAC reverses the order. Our own Record-Route is in what we sent, never in what we got. */
function routeSetOf(message: Message, isReversed = false): string {
  const recordRoutes = message.headers['record-route'];
  if (!Array.isArray(recordRoutes)) return '';
  const own = recordRoutes.filter(
    (each) => each.uri !== undefined && !each.uri.host.endsWith('.pstnhub.microsoft.com'),
  );
  const uris = own.map((each) => `<${sip.stringifyUri(each.uri ?? '')}>`);
  return (isReversed ? uris.reverse() : uris).join(', ');
}
