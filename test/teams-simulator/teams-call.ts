/** One call between the SBC and the simulated Teams, in either direction. */
import type { Message } from 'sip';
import type { CallEnd, CallOwner, InDialog, RingOptions } from './call-owner.ts';
import type { Arrival, Connection, DataCentre } from './connection.ts';
import { Dialog } from './dialog.ts';
import { directionOf, TeamsMedia, type Direction, type MediaAddress, type OfferChange } from './media.ts';
import { response } from './messages.ts';
import { judgeOffer, MISSING_ACK, type Refusal } from './refusals.ts';
import { Retransmission } from './retransmission.ts';
import { Transfer, type TransferOptions } from './transfer.ts';

/** A promise with its ends outside. */
function moment<T>() {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

const MAX_FORKS = 50;

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
  #dialog: Dialog;
  readonly #forks = new Map<string, Dialog>();
  readonly #dataCentre: DataCentre;
  /** Where the INVITE came or went. */
  readonly #connection: Connection;
  #localSdp: string;
  #acknowledged: Message | undefined;
  #retransmission: Retransmission | undefined;
  #transfer: Transfer | undefined;

  constructor(owner: CallOwner, invite: Message, connection: Connection, media: MediaAddress | TeamsMedia) {
    this.#owner = owner;
    this.invite = invite;
    const isOurs = media instanceof TeamsMedia;
    this.direction = isOurs ? 'to-sbc' : 'from-sbc';
    this.#connection = connection;
    this.#dataCentre = connection.dataCentre;
    this.#media = isOurs ? media : new TeamsMedia(media);
    this.#localSdp = isOurs ? (invite.content ?? '') : '';
    this.remoteSdp = isOurs ? '' : (invite.content ?? '');
    this.#dialog = isOurs ? Dialog.ofOurs(invite) : Dialog.ofTheirs(invite);
    this.#forks.set('', this.#dialog);
    this.ringing = this.#ringing.promise;
    this.answered = this.#answered.promise;
    this.ended = this.#ended.promise;
  }

  get callId(): string {
    return this.#dialog.callId;
  }

  /** Our newest description; empty before there is one. */
  get localSdp(): string {
    return this.#localSdp;
  }

  /** Value of a Replaces header that names this dialog, from the SBC's view (RFC 3891 §3). */
  get replaces(): string {
    const theirs = this.#dialog.remote.params['tag'] ?? '';
    return `${this.callId};to-tag=${theirs};from-tag=${this.#dialog.localTag}`;
  }

  /** Media direction of the newest description of each side: `sendrecv` and `inactive` are what Teams knows. */
  get directions(): { readonly teams: Direction; readonly sbc: Direction } {
    return { teams: directionOf(this.#localSdp), sbc: directionOf(this.remoteSdp) };
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
    await this.#owner.requests.send(this.#dialog.cancel(headers), this.#connection);
  }

  /** A 2xx that comes again wants its ACK again (RFC 3261 §13.2.2.4). */
  async onAnswerAgain(ok: Message): Promise<void> {
    const { cseq } = ok.headers;
    if (cseq.method !== 'INVITE' || this.#acknowledged?.headers.cseq.seq !== cseq.seq) return;
    const connection = await this.#owner.connectionTo(this.#dialog.remoteTarget, this.#dataCentre);
    connection.send(this.#acknowledged);
  }

  async #onAccepted(ok: Message): Promise<void> {
    this.#dialog.confirm(ok);
    this.remoteSdp = ok.content ?? '';
    await this.#acknowledge(this.invite.headers.cseq.seq);
    this.state = 'Answered';
    this.#answered.resolve(undefined);
  }

  #onRefused(final: Message): void {
    this.#connection.send(this.#dialog.ackRefusal(final));
    this.#answered.reject(new Error(`The SBC answered ${final.status ?? 0} ${final.reason ?? ''}`));
    this.#end({ by: 'sbc', ...(final.status === undefined ? {} : { status: final.status }), ...reasonIn(final) });
  }

  // ---- calls from the SBC

  /** 180, or another provisional status. */
  ring(status = 180, { sdp = false, fork = '' }: RingOptions = {}): void {
    const parts = sdp ? { sdp: this.#answer() } : {};
    this.#connection.send(this.#fork(fork).answer(this.invite, status, this.#dataCentre, parts));
    this.#ringing.resolve(status);
  }

  /** 200 of that phone, which may not have rung, said again until the ACK comes; without one Teams hangs up. */
  answer({ fork = '' }: { readonly fork?: string } = {}): void {
    this.#dialog = this.#fork(fork);
    const ok = this.#dialog.answer(this.invite, 200, this.#dataCentre, { sdp: this.#answer() });
    this.#accept(ok, this.#connection);
  }

  /** `reason` is the value of a Reason header: `Q.850;cause=31;text="…;No callee endpoints were found."`. */
  reject(status: number, reason?: string, headers: Readonly<Record<string, unknown>> = {}): void {
    const given = reason === undefined ? {} : { reason };
    const parts = { headers: { ...given, ...headers } };
    this.#connection.send(this.#dialog.answer(this.invite, status, this.#dataCentre, parts));
    this.#end({ by: 'teams', status, ...given });
  }

  /** In Microsoft's words, with a note of its sub-code. */
  refuse(refusal: Refusal): void {
    this.reject(refusal.status, refusal.reason);
  }

  #fork(name: string): Dialog {
    const known = this.#forks.get(name);
    if (known) return known;
    if (this.#forks.size >= MAX_FORKS) throw new Error(`Cannot ring on another phone: ${MAX_FORKS} ring already`);
    const made = Dialog.ofTheirs(this.invite);
    this.#forks.set(name, made);
    return made;
  }

  // ---- within the dialog

  hold(options: InDialog = {}): Promise<Message> {
    return this.reinvite('inactive', options);
  }

  resume(options: InDialog = {}): Promise<Message> {
    return this.reinvite('sendrecv', options);
  }

  /** Resolves with the final response, acknowledged whatever it is. */
  async reinvite(change: Direction | OfferChange, options: InDialog = {}): Promise<Message> {
    this.#localSdp = this.#media.offer(change);
    const { message, connection } = await this.#prepare('INVITE', { ...options, sdp: this.#localSdp });
    const final = await this.#owner.requests.send(message, connection);
    if ((final.status ?? 0) < 300) {
      this.remoteSdp = final.content ?? '';
      this.#dialog.retarget(final);
      await this.#acknowledge(final.headers.cseq.seq, options);
    } else {
      connection.send(this.#dialog.ackRefusal(final, message));
    }
    return final;
  }

  async bye(options: InDialog = {}): Promise<void> {
    this.#end({ by: 'teams' });
    await this.request('BYE', { headers: { reason: 'Q.850;cause=16;text="Normal call clearing"' }, ...options });
  }

  async request(method: string, options: InDialog & { readonly sdp?: string } = {}): Promise<Message> {
    const { message, connection } = await this.#prepare(method, options);
    return this.#owner.requests.send(message, connection);
  }

  /** REFER as Microsoft sends it. Teams hangs up by itself, when `byeAfterMs` says or the transfer was reported. */
  refer(options: TransferOptions = {}): Transfer {
    const transfer = new Transfer(options);
    this.#transfer = transfer;
    this.#owner.watch(transfer);
    void this.#refer(transfer, options).catch((error: unknown) => this.#fault(`REFER: ${String(error)}`));
    return transfer;
  }

  async #refer(transfer: Transfer, options: TransferOptions): Promise<void> {
    const from = options.from === undefined ? {} : { from: options.from };
    const { status = 0 } = await this.request('REFER', { ...from, headers: transfer.headers });
    transfer.onAccepted(status);
    if (status >= 300) return;
    const { byeAfterMs } = options;
    if (byeAfterMs === undefined) await transfer.reported;
    else await new Promise((resolve) => setTimeout(resolve, byeAfterMs));
    if (this.state === 'Answered' && (byeAfterMs !== undefined || (await transfer.reported) < 300)) await this.bye();
  }

  /** What the simulator delivers: everything that carries this call's Call-ID. */
  onRequest({ message: request, text, connection }: Arrival): void {
    switch (request.method) {
      case 'ACK':
        this.#onAck();
        break;
      case 'CANCEL':
        this.#onCancel(request, connection);
        break;
      case 'BYE':
        connection.send(response(request, 200));
        this.#end({ by: 'sbc', ...reasonIn(request) });
        break;
      case 'INVITE':
        this.#onReinvite(request, connection);
        break;
      case 'NOTIFY':
        this.#transfer?.onNotify(request, text);
        connection.send(response(request, this.#transfer ? 200 : 481));
        break;
      case undefined:
      default:
        // Microsoft's Allow knows nothing else (docs/teams-direct-routing.md M1).
        connection.send(response(request, 405));
    }
  }

  #onAck(): void {
    this.#retransmission?.stop();
    if (this.state !== 'Calling') return;
    this.state = 'Answered';
    this.#answered.resolve(undefined);
  }

  #onCancel(cancel: Message, connection: Connection): void {
    connection.send(this.#dialog.answer(cancel, 200, this.#dataCentre));
    if (this.state !== 'Calling' || this.#retransmission) return;
    connection.send(this.#dialog.answer(this.invite, 487, this.#dataCentre));
    this.#answered.reject(new Error('The SBC cancelled'));
    this.#end({ by: 'sbc', status: 487, ...reasonIn(cancel) });
  }

  #onReinvite(request: Message, connection: Connection): void {
    const isOffer = (request.content ?? '') !== '';
    const refusal = this.#owner.isStrict && isOffer ? judgeOffer(request.content ?? '', this.remoteSdp) : undefined;
    if (refusal) {
      this.#fault(`re-INVITE: ${refusal.status} ${refusal.reason}`);
      connection.send(response(request, refusal.status, { headers: { reason: refusal.reason } }));
      return;
    }
    this.#dialog.retarget(request);
    if (isOffer) this.remoteSdp = request.content ?? '';
    // An INVITE without an offer gets one that is inactive: what Microsoft does with it.
    const sdp = isOffer ? this.#answer() : this.#media.offer('inactive');
    this.#accept(this.#dialog.answer(request, 200, this.#dataCentre, { sdp }), connection);
  }

  #accept(ok: Message, connection: Connection): void {
    const again = () => (connection.isOpen ? connection.send(ok) : undefined);
    this.#retransmission?.stop();
    this.#retransmission = new Retransmission(again, this.#owner.ackTimers, () => {
      this.#fault('200 OK was not acknowledged: 1106/408');
      this.#answered.reject(new Error('The SBC did not acknowledge'));
      void this.bye({ headers: { reason: MISSING_ACK() } }).catch(() => undefined);
    });
  }

  #answer(): string {
    this.#localSdp = this.#media.answer(this.remoteSdp);
    return this.#localSdp;
  }

  async #acknowledge(sequence: number, options: InDialog = {}): Promise<void> {
    const { message, connection } = await this.#prepare('ACK', { ...options, sequence });
    this.#acknowledged = message;
    connection.send(message);
  }

  async #prepare(method: string, options: InDialog & { sdp?: string; sequence?: number }) {
    const { from: host, ...parts } = options;
    const from = host === undefined ? this.#dataCentre : this.#owner.dataCentre(host);
    const message = this.#dialog.request(method, from, parts);
    return { message, connection: await this.#owner.connectionTo(this.#dialog.remoteTarget, from) };
  }

  #fault(words: string): void {
    const { id, dataCentre } = this.#connection;
    this.#owner.log.note({ kind: 'fault', connection: id, dataCentre: dataCentre.host, detail: words });
  }

  /** Every timer ends: the call is over, or the simulator is. */
  #end(end: CallEnd): void {
    this.#retransmission?.stop();
    if (this.state === 'Ended') return;
    this.state = 'Ended';
    this.#ended.resolve(end);
    this.#owner.forget(this);
  }

  /** Without a word to the SBC. */
  drop(): void {
    this.#end({ by: 'teams', reason: 'the simulator stops' });
  }
}

function reasonIn(message: Message): { readonly reason?: string } {
  const { reason } = message.headers;
  return typeof reason === 'string' ? { reason } : {};
}
