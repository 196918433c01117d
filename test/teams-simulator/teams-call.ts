/** One call between the SBC and the simulated Teams, in either direction, with its dialog (RFC 3261 §12). */
import sip, { type Address, type Message } from 'sip';
import type { Connection, DataCentre } from './connection.ts';
import { directionOf, TeamsMedia, type Direction, type MediaAddress } from './media.ts';
import { AGENT, ALLOW, apiContact, newTag, newVia, recordRoute, response } from './messages.ts';
import type { Requests } from './requests.ts';

export interface CallEnd {
  readonly by: 'teams' | 'sbc';
  /** Present where the call was refused or cancelled before an answer. */
  readonly status?: number;
  /** Value of the Reason header (RFC 3326). */
  readonly reason?: string;
}

/** What a call needs of the simulator. */
export interface CallOwner {
  readonly requests: Requests;
  /** A connection for a request within a dialog: a new one, unless the simulator was told to reuse. */
  connectionTo(uri: string, from: DataCentre): Promise<Connection>;
  dataCentre(host: string): DataCentre;
  forget(call: TeamsCall): void;
}

export interface InDialog {
  /** The data centre that the request comes from: `sip2.pstnhub.microsoft.com`. Default: the call's own. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

interface Dialog {
  readonly local: Address;
  remote: Address;
  remoteTarget: string;
  routeSet: string;
  sequence: number;
}

/** A promise with its ends outside. */
function moment<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

export class TeamsCall {
  readonly direction: 'to-sbc' | 'from-sbc';
  readonly invite: Message;
  /** First 18x, either way. */
  readonly ringing: Promise<number>;
  /** The 2xx was acknowledged. Rejects where the call was refused. */
  readonly answered: Promise<void>;
  readonly ended: Promise<CallEnd>;
  /** The SBC's newest description. */
  remoteSdp: string;
  state: 'Calling' | 'Answered' | 'Ended' = 'Calling';
  readonly #owner: CallOwner;
  readonly #media: TeamsMedia;
  readonly #ringing = moment<number>();
  readonly #answered = moment<undefined>();
  readonly #ended = moment<CallEnd>();
  readonly #dialog: Dialog;
  readonly #dataCentre: DataCentre;
  /** Where the INVITE came or went. */
  readonly #connection: Connection;
  #localSdp: string;

  constructor(owner: CallOwner, invite: Message, connection: Connection, media: MediaAddress | TeamsMedia) {
    this.#owner = owner;
    this.invite = invite;
    this.direction = media instanceof TeamsMedia ? 'to-sbc' : 'from-sbc';
    this.#connection = connection;
    this.#dataCentre = connection.dataCentre;
    this.#media = media instanceof TeamsMedia ? media : new TeamsMedia(media);
    const { from, to, contact } = invite.headers;
    const isOurs = this.direction === 'to-sbc';
    this.#localSdp = isOurs ? (invite.content ?? '') : '';
    this.remoteSdp = isOurs ? '' : (invite.content ?? '');
    this.#dialog = {
      local: isOurs ? from : { ...to, params: { ...to.params, tag: newTag() } },
      remote: isOurs ? to : from,
      remoteTarget: isOurs ? (invite.uri ?? '') : (contact?.[0]?.uri ?? ''),
      routeSet: isOurs ? '' : routeSetOf(invite),
      sequence: isOurs ? invite.headers.cseq.seq : 0,
    };
    this.ringing = this.#ringing.promise;
    this.answered = this.#answered.promise;
    this.ended = this.#ended.promise;
  }

  get callId(): string {
    return this.invite.headers['call-id'];
  }

  get #toTag(): string {
    return this.#dialog.local.params['tag'] ?? '';
  }

  // ---- calls to the SBC

  /** Sends the INVITE; `ringing`, `answered` and `ended` tell the rest. */
  async start(): Promise<void> {
    try {
      const onProvisional = (provisional: Message) => {
        if ((provisional.status ?? 0) > 100) this.#ringing.resolve(provisional.status ?? 0);
      };
      const final = await this.#owner.requests.send(this.invite, this.#connection, onProvisional);
      if ((final.status ?? 0) < 300) await this.#onAccepted(final);
      else this.#onRefused(final);
    } catch (error) {
      this.#answered.reject(error instanceof Error ? error : new Error(String(error)));
      this.#end({ by: 'teams', reason: 'no final response' });
    }
  }

  /** RFC 3261 §9.1: on the INVITE's connection, with its branch. */
  async cancel(headers: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { via, from, to } = this.invite.headers;
    const cancel: Message = {
      method: 'CANCEL',
      uri: this.invite.uri ?? '',
      headers: {
        from,
        to,
        cseq: { seq: this.invite.headers.cseq.seq, method: 'CANCEL' },
        'call-id': this.callId,
        'max-forwards': 70,
        via,
        'content-length': 0,
        ...headers,
      },
    };
    await this.#owner.requests.send(cancel, this.#connection);
  }

  async #onAccepted(ok: Message): Promise<void> {
    this.#dialog.remote = ok.headers.to;
    this.#dialog.remoteTarget = ok.headers.contact?.[0]?.uri ?? this.#dialog.remoteTarget;
    this.#dialog.routeSet = routeSetOf(ok, true);
    this.remoteSdp = ok.content ?? '';
    await this.#acknowledge(this.invite.headers.cseq.seq);
    this.state = 'Answered';
    this.#answered.resolve(undefined);
  }

  #onRefused(final: Message): void {
    const { from, via } = this.invite.headers;
    // RFC 3261 §17.1.1.3: the ACK of a refusal belongs to the transaction.
    this.#connection.send({
      method: 'ACK',
      uri: this.invite.uri ?? '',
      headers: {
        from,
        to: final.headers.to,
        cseq: { seq: this.invite.headers.cseq.seq, method: 'ACK' },
        'call-id': this.callId,
        'max-forwards': 70,
        via,
        'content-length': 0,
      },
    });
    const reason = textOf(final, 'reason');
    this.#answered.reject(new Error(`The SBC answered ${final.status ?? 0} ${final.reason ?? ''}`));
    this.#end({
      by: 'sbc',
      ...(final.status === undefined ? {} : { status: final.status }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  // ---- calls from the SBC

  /** 180, or another provisional status; `sdp: true` makes it early media. */
  ring(status = 180, options: { sdp?: boolean } = {}): void {
    const sdp = options.sdp === true ? { sdp: this.#answer() } : {};
    this.#connection.send(response(this.invite, status, { toTag: this.#toTag, headers: this.#ownHeaders(), ...sdp }));
    this.#ringing.resolve(status);
  }

  answer(): void {
    this.#connection.send(
      response(this.invite, 200, { toTag: this.#toTag, headers: this.#ownHeaders(), sdp: this.#answer() }),
    );
  }

  /** `reason` is the value of a Reason header: `Q.850;cause=31;text="…;No callee endpoints were found."`. */
  reject(status: number, reason?: string): void {
    const headers = reason === undefined ? {} : { reason };
    this.#connection.send(response(this.invite, status, { toTag: this.#toTag, headers }));
    this.#end({ by: 'teams', status, ...headers });
  }

  // ---- within the dialog

  hold(options: InDialog = {}): Promise<Message> {
    return this.reinvite('inactive', options);
  }

  resume(options: InDialog = {}): Promise<Message> {
    return this.reinvite('sendrecv', options);
  }

  /** Resolves with the final response, acknowledged where it is a 2xx. */
  async reinvite(direction: Direction, options: InDialog = {}): Promise<Message> {
    this.#localSdp = this.#media.offer(direction);
    const final = await this.#request('INVITE', { ...options, sdp: this.#localSdp });
    if ((final.status ?? 0) < 300) {
      this.remoteSdp = final.content ?? '';
      await this.#acknowledge(final.headers.cseq.seq, options);
    }
    return final;
  }

  async bye(options: InDialog = {}): Promise<void> {
    this.#end({ by: 'teams' });
    await this.#request('BYE', { headers: { reason: 'Q.850;cause=16;text="Normal call clearing"' }, ...options });
  }

  request(method: string, options: InDialog & { readonly sdp?: string } = {}): Promise<Message> {
    return this.#request(method, options);
  }

  /** What the simulator delivers: everything that carries this call's Call-ID. */
  onRequest(request: Message, connection: Connection): void {
    switch (request.method) {
      case 'ACK':
        if (this.state === 'Calling') this.state = 'Answered';
        this.#answered.resolve(undefined);
        break;
      case 'CANCEL':
        this.#onCancel(request, connection);
        break;
      case 'BYE': {
        const reason = textOf(request, 'reason');
        connection.send(response(request, 200));
        this.#end({ by: 'sbc', ...(reason === undefined ? {} : { reason }) });
        break;
      }
      case 'INVITE':
        this.#onReinvite(request, connection);
        break;
      case 'NOTIFY':
        connection.send(response(request, 200));
        break;
      case undefined:
      default:
        // Microsoft's Allow knows nothing else (docs/teams-direct-routing.md M1).
        connection.send(response(request, 405, { reasonPhrase: 'Method Not Allowed' }));
    }
  }

  #onCancel(cancel: Message, connection: Connection): void {
    connection.send(response(cancel, 200, { toTag: this.#toTag }));
    if (this.state !== 'Calling') return;
    connection.send(response(this.invite, 487, { toTag: this.#toTag }));
    const reason = textOf(cancel, 'reason');
    this.#answered.reject(new Error('The SBC cancelled'));
    this.#end({ by: 'sbc', status: 487, ...(reason === undefined ? {} : { reason }) });
  }

  #onReinvite(request: Message, connection: Connection): void {
    this.#dialog.remoteTarget = request.headers.contact?.[0]?.uri ?? this.#dialog.remoteTarget;
    this.remoteSdp = request.content ?? '';
    connection.send(response(request, 200, { headers: this.#ownHeaders(), sdp: this.#answer() }));
  }

  /** Media direction of the newest description of each side: `sendrecv` and `inactive` are what Teams knows. */
  get directions(): { readonly teams: Direction; readonly sbc: Direction } {
    return { teams: directionOf(this.#localSdp), sbc: directionOf(this.remoteSdp) };
  }

  #answer(): string {
    this.#localSdp = this.#media.answer(this.remoteSdp);
    return this.#localSdp;
  }

  #ownHeaders(): Record<string, unknown> {
    return { 'record-route': recordRoute(this.#dataCentre), contact: apiContact() };
  }

  #request(method: string, options: InDialog & { sdp?: string }): Promise<Message> {
    this.#dialog.sequence += 1;
    return this.#send(method, this.#dialog.sequence, options, (message, connection) =>
      this.#owner.requests.send(message, connection),
    );
  }

  async #acknowledge(sequence: number, options: InDialog = {}): Promise<void> {
    await this.#send('ACK', sequence, options, (message, connection) => {
      connection.send(message);
      return Promise.resolve(message);
    });
  }

  async #send(
    method: string,
    sequence: number,
    options: InDialog & { sdp?: string },
    carry: (message: Message, connection: Connection) => Promise<Message>,
  ): Promise<Message> {
    const from = options.from === undefined ? this.#dataCentre : this.#owner.dataCentre(options.from);
    const connection = await this.#owner.connectionTo(this.#dialog.remoteTarget, from);
    const needsContact = method === 'INVITE' || method === 'REFER';
    const message: Message = {
      method,
      uri: this.#dialog.remoteTarget,
      headers: {
        from: this.#dialog.local,
        to: this.#dialog.remote,
        cseq: { seq: sequence, method },
        'call-id': this.callId,
        'max-forwards': 70,
        via: [newVia(from)],
        ...(this.#dialog.routeSet === '' ? {} : { route: this.#dialog.routeSet }),
        ...(needsContact ? { contact: apiContact() } : {}),
        'content-length': 0,
        ...options.headers,
        'user-agent': AGENT,
        allow: ALLOW,
        ...(options.sdp === undefined ? {} : { 'content-type': 'application/sdp' }),
      },
      content: options.sdp ?? '',
    };
    return carry(message, connection);
  }

  #end(end: CallEnd): void {
    if (this.state === 'Ended') return;
    this.state = 'Ended';
    this.#ended.resolve(end);
    this.#owner.forget(this);
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

function textOf(message: Message, name: string): string | undefined {
  const value = message.headers[name];
  return typeof value === 'string' ? value : undefined;
}
