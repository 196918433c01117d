/** One call of a script: what came and waits to be expected, and messages made for the next step. */
import type { Message } from 'sip';
import type { Arrival, Connection, DataCentre } from '../connection.ts';
import { Dialog } from '../dialog.ts';
import { TeamsMedia } from '../media.ts';
import { response } from '../messages.ts';
import { parseTrunk, type TeamsSimulator } from '../teams-simulator.ts';
import type { SdpParts, SendStep } from './script.ts';

const MAX_WAITING = 500;

interface StartParts {
  readonly sbc?: string;
  readonly to?: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export class ScriptCall {
  readonly name: string;
  /** What came and no step has expected yet. */
  readonly waiting: Arrival[] = [];
  /** The SBC's last description. */
  remoteSdp: string | undefined;
  isEnded = false;
  readonly #simulator: TeamsSimulator;
  readonly #media: TeamsMedia;
  readonly #forks = new Map<string, Dialog>();
  readonly #seen = new Set<string>();
  /** Requests of the SBC without a final answer. */
  readonly #open: Arrival[] = [];
  #dialog: Dialog | undefined;
  #invite: { readonly message: Message; readonly connection: Connection } | undefined;
  #isTheirs = false;
  #isConfirmed = false;

  constructor(name: string, simulator: TeamsSimulator) {
    this.name = name;
    this.#simulator = simulator;
    this.#media = new TeamsMedia(simulator.mediaOf(simulator.dataCentres[0]));
  }

  get callId(): string | undefined {
    return this.#dialog?.callId;
  }

  // ---- what comes

  /** Retransmissions, 100 and the ACK of a refusal are nobody's business. */
  take(arrival: Arrival): void {
    const { message, connection } = arrival;
    if (!this.#dialog) this.#begin(message, connection);
    this.#note(message, connection);
    const { cseq, via } = message.headers;
    const key = `${message.method ?? message.status ?? ''} ${cseq.seq} ${cseq.method} ${via[0]?.params['branch'] ?? ''} ${message.headers.to.params['tag'] ?? ''}`;
    if (message.status === 100 || this.#seen.has(key) || this.waiting.length >= MAX_WAITING) return;
    this.#seen.add(key);
    if (message.method !== undefined && message.method !== 'ACK') this.#open.push(arrival);
    this.waiting.push(arrival);
  }

  #begin(invite: Message, connection: Connection): void {
    this.#isTheirs = true;
    this.#dialog = Dialog.ofTheirs(invite);
    this.#forks.set('', this.#dialog);
    this.#invite = { message: invite, connection };
  }

  #note(message: Message, connection: Connection): void {
    const { method, status = 0 } = message;
    if (method === 'BYE') this.isEnded = true;
    if (method === 'INVITE' && message !== this.#invite?.message) this.#dialog?.retarget(message);
    if (message.headers.cseq.method !== 'INVITE' || status < 200) return;
    // RFC 3261 §17.1.1.3; the ACK of a 2xx is the script's.
    if (status >= 300 && this.#invite && this.#dialog)
      connection.send(this.#dialog.ackRefusal(message, this.#invite.message));
    else if (status < 300 && !this.#isTheirs && !this.#isConfirmed) this.#dialog?.confirm(message);
    if (status < 300) this.#isConfirmed = true;
    else if (!this.#isConfirmed) this.isEnded = true;
  }

  /** The step has it: its description is the last from now on. */
  use(arrival: Arrival): void {
    this.waiting.splice(this.waiting.indexOf(arrival), 1);
    if ((arrival.message.content ?? '') !== '') this.remoteSdp = arrival.message.content;
  }

  // ---- what goes

  async send(step: SendStep, headers: Readonly<Record<string, unknown>>, to: Readonly<Record<string, string>>) {
    return /^\d/.test(step.what) ? this.#respond(step, headers) : this.#request(step, headers, to);
  }

  #respond(step: SendStep, headers: Readonly<Record<string, unknown>>): Message {
    const status = Number(step.what);
    const at = this.#open.findLastIndex(({ message }) => step.answers === undefined || message.method === step.answers);
    const open = this.#open[at];
    if (!open) throw new Error(`no request${step.answers === undefined ? '' : ` ${step.answers}`} waits for an answer`);
    if (status >= 200) this.#open.splice(at, 1);
    const { message: request, connection } = open;
    const isCall = request.method === 'INVITE';
    const fork = this.#fork(step.fork, request);
    if (isCall && status >= 200) this.#dialog = fork;
    if (isCall && status >= 200 && status < 300) this.#isConfirmed = true;
    if (isCall && status >= 300 && !this.#isConfirmed) this.isEnded = true;
    const sdp = step.sdp ?? (isCall && status === 200 ? { kind: 'answer' as const } : undefined);
    const parts = sdp === undefined || sdp.kind === 'none' ? {} : { sdp: this.#describe(sdp, request) };
    const answer = isCall
      ? fork.answer(request, status, connection.dataCentre, { ...parts, headers })
      : response(request, status, { headers });
    connection.send(answer);
    return answer;
  }

  async #request(step: SendStep, headers: Readonly<Record<string, unknown>>, to: Readonly<Record<string, string>>) {
    const from = step.from === undefined ? this.#home : this.#simulator.dataCentre(step.from);
    const isStart = step.what === 'INVITE' && !this.#dialog;
    const sdp = step.sdp ?? (step.what === 'INVITE' ? { kind: 'offer' as const } : undefined);
    const parts = sdp === undefined || sdp.kind === 'none' ? {} : { sdp: this.#describe(sdp, undefined) };
    if (isStart) return this.#start(from, parts.sdp ?? '', { ...to, headers });
    const dialog = this.#dialog;
    if (!dialog) throw new Error(`there is no call yet for ${step.what}`);
    if (step.what === 'BYE') this.isEnded = true;
    const isCancel = step.what === 'CANCEL';
    const sequence = step.what === 'ACK' ? { sequence: this.#lastInvite } : {};
    const message = isCancel
      ? dialog.cancel(headers)
      : dialog.request(step.what, from, { headers, ...parts, ...sequence });
    const isSame = step.connection === 'same' || isCancel;
    const connection =
      isSame && this.#invite ? this.#invite.connection : await this.#simulator.connectionTo(dialog.remoteTarget, from);
    if (step.what === 'INVITE') this.#invite = { message, connection };
    connection.send(message);
    return message;
  }

  async #start(from: DataCentre, sdp: string, { sbc = '', to = '', headers }: StartParts): Promise<Message> {
    const trunk = parseTrunk(sbc);
    const message = this.#simulator.inviteOf({ sbc, trunk, to, sdp, headers }, from);
    if (sdp === '') delete message.headers['content-type'];
    const connection = await this.#simulator.connectionTo(message.uri ?? '', from);
    this.#dialog = Dialog.ofOurs(message);
    this.#invite = { message, connection };
    connection.send(message);
    return message;
  }

  /** Where a request comes from that names no data centre. */
  get #home(): DataCentre {
    return this.#invite?.connection.dataCentre ?? this.#simulator.dataCentres[0];
  }

  get #lastInvite(): number {
    return this.#invite?.message.headers.cseq.seq ?? 1;
  }

  #fork(name: string, request: Message): Dialog {
    const known = this.#forks.get(name);
    const isNew = request === this.#invite?.message && !this.#isConfirmed;
    if (!isNew && this.#dialog) return this.#dialog;
    if (known) return known;
    if (this.#forks.size > 50) throw new Error('more than 50 forks');
    const made = Dialog.ofTheirs(request);
    this.#forks.set(name, made);
    return made;
  }

  #describe(parts: SdpParts, request: Message | undefined): string {
    const offer = request?.content ?? '';
    const isAnswer = request !== undefined && parts.kind === 'answer' && offer !== '';
    const made = isAnswer ? this.#media.answer(offer) : this.#media.offer(parts);
    const pattern = parts.without === undefined ? undefined : new RegExp(parts.without);
    const lines = made.split('\r\n').filter((line) => pattern?.test(line) !== true);
    return [...lines.slice(0, -1), ...(parts.plus ?? []), ''].join('\r\n');
  }

  // ---- the end

  /** Nothing of the call is left at the SBC. */
  async close(): Promise<void> {
    if (this.isEnded || !this.#dialog || !this.#invite) return;
    const step = { kind: 'send' as const, call: this.name, connection: 'new' as const, fork: '', headers: {} };
    if (this.#isConfirmed) await this.#request({ ...step, what: 'BYE' }, {}, {});
    else if (this.#isTheirs) this.#respond({ ...step, what: '480', answers: 'INVITE' }, {});
    else await this.#request({ ...step, what: 'CANCEL' }, {}, {});
  }
}
