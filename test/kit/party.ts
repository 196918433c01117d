/**
 * A scripted user agent in front of the SBC: `sends` and `gets`, one line a message. It fills Via, tags, CSeq and Contact
 * itself; what it gets and was not told to expect fails the scenario. Written on npm `sip`'s codec.
 */
import sip, { type Message } from 'sip';
import type { VirtualClock } from '../../sbc-runtime/src/kernel/virtual-clock.ts';
import { read, render } from '../teams-simulator/wire.ts';
import type { Ladder } from './ladder.ts';
import { titleOf, type Network, type Station, type Wire } from './network.ts';
import { PartyCalls } from './party-calls.ts';
import {
  branchOf,
  dialogOfCall,
  dialogOfInvite,
  dialogProblem,
  keyOf,
  tagOf,
  takeRequest,
  takeResponse,
  type PartyDialog,
  type PartyIdentity,
} from './party-dialog.ts';
import { mismatch, type Expectation } from './party-expectation.ts';
import { PartyMedia, type MediaKind } from './party-media.ts';
import { hopByHop, requestMessage, responseMessage, type Body, type Sending } from './party-messages.ts';
import { teamsFault } from './teams-fault.ts';

/** A method, or the status of a response. */
export type What = string | number;

export interface PartyOptions {
  readonly name: string;
  readonly identity: PartyIdentity;
  readonly mediaKind: MediaKind;
  readonly mediaAddress: string;
  /** Every request within a dialog on a connection of its own, as Microsoft does. */
  readonly dialsAnew: boolean;
}

/** What a party shares with the others: time, wires, ladder. */
export interface PartyWorld {
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly ladder: Ladder;
}

interface Arrival {
  readonly message: Message;
  readonly text: string;
  readonly wire: Wire;
}

const WITHIN_MS = 5000;
const MEDIA_PORT = 50_000;

export class Party {
  readonly name: string;
  readonly #options: PartyOptions;
  readonly #clock: VirtualClock;
  readonly #network: Network;
  readonly #station: Station;
  readonly #ladder: Ladder;
  readonly #media: PartyMedia;
  readonly #inbox: Arrival[] = [];
  /** Copies of what was got already. */
  readonly #copies: Message[] = [];
  readonly #known = new Set<string>();
  readonly #calls = new PartyCalls();
  /** Our refusals of INVITEs, by branch, until their ACK comes (RFC 3261 §17.2.1). */
  readonly #refusals = new Map<string, string>();
  /** Where each request came from: responses go back there. */
  readonly #wires = new Map<Message, Wire>();
  readonly #sent: { readonly what: What; readonly text: string; readonly wire: Wire }[] = [];
  #isIgnored: (message: Message) => boolean = () => false;
  #drawn = 0;

  constructor(options: PartyOptions, { world, station }: { world: PartyWorld; station: Station }) {
    this.name = options.name;
    this.#options = options;
    this.#clock = world.clock;
    this.#network = world.network;
    this.#ladder = world.ladder;
    this.#station = station;
    this.#media = new PartyMedia(options.mediaAddress, MEDIA_PORT);
    station.onText = (text, wire) => this.#onText(text, wire);
  }

  // ---- the two verbs

  /** A request, or a response to the newest request that has none. */
  sends = async (what: What, sending: Sending = {}): Promise<void> => {
    if (typeof what === 'number') this.#sendResponse(what, sending);
    else if (what === 'ACK') this.#sendAck(sending);
    else if (what === 'CANCEL') this.#sendCancel(sending);
    else this.#sendRequest(what, sending);
    return Promise.resolve();
  };

  /** Moves time to the next message for this party, which must be this one. */
  gets = async (what: What, expectation: Expectation = {}): Promise<Message> => {
    const arrival = await this.#next(expectation.within ?? WITHIN_MS);
    if (!arrival)
      throw this.#ladder.failure(
        `${this.name} expected ${what} within ${expectation.within ?? WITHIN_MS} ms, got nothing`,
      );
    const { message } = arrival;
    if (!isWhat(message, what))
      throw this.#ladder.failure(`${this.name} expected ${what}, got ${titleOf(arrival.text)}`);
    const problem = mismatch(message, expectation) ?? this.#problemOf(message);
    if (problem !== undefined)
      throw this.#ladder.failure(`${this.name} got ${titleOf(arrival.text)}: ${problem}\n${arrival.text}`);
    this.#take(arrival, expectation.call);
    return message;
  };

  /** A copy of a message that this party has got before. */
  getsAgain = async (what: What, within = WITHIN_MS): Promise<void> => {
    const untilMs = this.#clock.nowMs() + within;
    do {
      const at = this.#copies.findIndex((message) => isWhat(message, what));
      if (at >= 0) {
        this.#copies.splice(at, 1);
        return;
      }
    } while (await this.#step(untilMs));
    throw this.#ladder.failure(`${this.name} expected ${what} again within ${within} ms`);
  };

  /** Nothing new comes for so long. */
  getsNothing = async (forMs = WITHIN_MS): Promise<void> => {
    const arrival = await this.#next(forMs);
    if (arrival)
      throw this.#ladder.failure(`${this.name} expected nothing for ${forMs} ms, got ${titleOf(arrival.text)}`);
  };

  // ---- faults

  /** Sends a message once more, as a retransmission. */
  sendsAgain = async (what: What): Promise<void> => {
    const last = this.#sent.findLast((each) => each.what === what);
    if (!last) throw this.#ladder.failure(`${this.name} has not sent ${what} yet`);
    this.#network.carryToSbc(last.wire, last.text);
    return Promise.resolve();
  };

  /** From now on, messages of this kind are not its business. */
  ignores = (isIgnored: (message: Message) => boolean): void => {
    this.#isIgnored = isIgnored;
  };

  /** Text as it stands. */
  sendsText = async (text: string): Promise<void> => {
    this.#network.carryToSbc(this.#network.wireFrom(this.#station, false), text);
    return Promise.resolve();
  };

  /** Where the newest message of this party came from. */
  get lastAddress(): string | undefined {
    return this.#sent.at(-1)?.wire.address;
  }

  closesConnection = (): void => this.#network.closes(this.#station);

  /** Nobody is there any more: connections are refused, datagrams vanish. */
  goesDown = (): void => {
    this.closesConnection();
    this.#station.isDown = true;
  };

  comesBack = (): void => {
    this.#station.isDown = false;
  };

  /** What the scenario has not dealt with, in words. */
  leftovers(): string[] {
    const unread = this.#inbox.map((arrival) => `${this.name} got ${titleOf(arrival.text)}, which nobody expected`);
    const refusals = [...this.#refusals.values()].map((title) => `${this.name} got no ACK for its ${title}`);
    return [...unread, ...refusals];
  }

  // ---- sending

  #sendRequest(method: string, sending: Sending): void {
    const isOutside = sending.to !== undefined || !this.#calls.current;
    const dialog = isOutside ? this.#newCall(sending) : this.#dialog(sending);
    dialog.sequence += 1;
    const { identity } = this.#options;
    const isForming = method === 'INVITE';
    const defaultOffer = isForming ? this.#options.mediaKind : 'none';
    const message = requestMessage(identity, method, dialog, {
      sequence: dialog.sequence,
      branch: this.#draw('z9hG4bK-'),
      sending,
      body: this.#body(sending.offer ?? defaultOffer, sending),
    });
    if (isForming || method === 'REFER' || method === 'OPTIONS')
      message.headers.contact = [{ uri: identity.contact, params: {} }];
    if (isForming && isOutside && identity.recordRoute !== undefined)
      message.headers['record-route'] = identity.recordRoute;
    if (isForming) dialog.ownInvite = message;
    const isAnew = this.#options.dialsAnew && tagOf(dialog.remote) !== undefined;
    this.#send(method, message, this.#network.wireFrom(this.#station, isAnew));
  }

  #sendAck(sending: Sending): void {
    const dialog = this.#dialog(sending);
    const ok = dialog.ownInviteOk;
    if (!ok) throw this.#ladder.failure(`${this.name} cannot send ACK: it has got no 2xx`);
    const message = requestMessage(this.#options.identity, 'ACK', dialog, {
      sequence: ok.headers.cseq.seq,
      branch: this.#draw('z9hG4bK-'),
      sending,
      body: this.#body(sending.answer ?? 'none', sending),
    });
    this.#send('ACK', message, this.#network.wireFrom(this.#station, this.#options.dialsAnew));
  }

  #sendCancel(sending: Sending): void {
    const dialog = this.#dialog(sending);
    const invite = dialog.ownInvite;
    if (!invite) throw this.#ladder.failure(`${this.name} cannot send CANCEL: it has sent no INVITE`);
    this.#send(
      'CANCEL',
      hopByHop('CANCEL', invite, invite.headers.to, sending),
      this.#network.wireFrom(this.#station, false),
    );
  }

  #sendResponse(status: number, sending: Sending): void {
    const dialog = this.#dialog(sending);
    const waiting = dialog.unanswered.findLast((each) => sending.for === undefined || each.method === sending.for);
    // Another fork of a call that was answered or refused already.
    const request = waiting ?? (sending.toTag === undefined ? undefined : dialog.invite);
    if (!request) throw this.#ladder.failure(`${this.name} cannot send ${status}: it has got no request to answer`);
    if (status >= 200 && waiting) dialog.unanswered.splice(dialog.unanswered.indexOf(waiting), 1);
    const isOk = status >= 200 && status < 300 && request.method === 'INVITE';
    const body = this.#body(sending.answer ?? sending.offer ?? (isOk ? this.#options.mediaKind : 'none'), sending);
    const tag = sending.toTag ?? tagOf(dialog.local) ?? '';
    dialog.tags.add(tag);
    const message = responseMessage(this.#options.identity, request, status, { tag, sending, body });
    if (request.method === 'INVITE' && status >= 300) this.#refusals.set(branchOf(request), String(status));
    const wire = this.#wires.get(request);
    this.#send(status, message, wire?.isOpen === true ? wire : this.#network.wireFrom(this.#station, false));
  }

  #body(kind: MediaKind | 'none' | `v=0${string}`, sending: Sending): Body | undefined {
    if (sending.body) return sending.body;
    if (kind === 'none') return undefined;
    const isKind = kind === 'rtp-avp' || kind === 'srtp-sdes';
    return { type: 'application/sdp', content: isKind ? this.#media.describe(kind, sending.direction) : kind };
  }

  #send(what: What, message: Message, wire: Wire): void {
    const text = this.#options.identity.writesUpperCase ? render(message) : sip.stringify(message);
    this.#sent.push({ what, text, wire });
    this.#network.carryToSbc(wire, text);
  }

  // ---- receiving

  #onText(text: string, wire: Wire): void {
    const message = read(text);
    if (!message) throw this.#ladder.failure(`${this.name} got what npm sip cannot read:\n${text}`);
    const fault = this.#options.identity.writesUpperCase ? teamsFault(text) : undefined;
    if (fault !== undefined) throw this.#ladder.failure(`${this.name} got what Teams refuses: ${fault}\n${text}`);
    if (this.#isIgnored(message)) return;
    if (message.method === 'ACK' && this.#refusals.delete(branchOf(message))) {
      this.#known.add(keyOf(message));
      return;
    }
    const key = keyOf(message);
    if (this.#known.has(key)) {
      this.#copies.push(message);
      this.#onCopy(message);
      return;
    }
    this.#known.add(key);
    if (message.method !== undefined) this.#wires.set(message, wire);
    else if (message.headers.cseq.method === 'INVITE' && (message.status ?? 0) >= 300)
      this.#acknowledgeRefusal(message);
    this.#inbox.push({ message, text, wire });
  }

  /** RFC 3261 §17.1.1.2: a repeated refusal wants its ACK again. */
  #onCopy(message: Message): void {
    if (message.headers.cseq.method === 'INVITE' && (message.status ?? 0) >= 300) this.#acknowledgeRefusal(message);
  }

  #acknowledgeRefusal(final: Message): void {
    const invite = this.#calls.of(final)?.ownInvite;
    if (!invite || branchOf(invite) !== branchOf(final)) return;
    const ack = hopByHop('ACK', invite, final.headers.to);
    this.#send('ACK', ack, this.#network.wireFrom(this.#station, false));
  }

  #take({ message }: Arrival, callName: string | undefined): void {
    const dialog = this.#calls.of(message) ?? dialogOfInvite(message, this.#draw(`${this.name}-tag-`));
    this.#calls.use(dialog, callName);
    if (message.method === undefined) takeResponse(dialog, message, this.#options.identity);
    else takeRequest(dialog, message);
  }

  #problemOf(message: Message): string | undefined {
    return dialogProblem(this.#calls.of(message), message, this.#options.identity.contact);
  }

  // ---- time

  async #next(withinMs: number): Promise<Arrival | undefined> {
    const untilMs = this.#clock.nowMs() + withinMs;
    do {
      const arrival = this.#inbox.shift();
      if (arrival) return arrival;
    } while (await this.#step(untilMs));
    return undefined;
  }

  /** False once the time is over. */
  async #step(untilMs: number): Promise<boolean> {
    // What waits for a promise runs before the next timer.
    await new Promise<void>((resolve) => setImmediate(resolve));
    const dueMs = this.#clock.nextDueMs();
    if (dueMs === undefined || dueMs > untilMs) {
      this.#clock.advance(untilMs - this.#clock.nowMs());
      return false;
    }
    return this.#clock.runNext();
  }

  #newCall(sending: Sending): PartyDialog {
    const ids = { callId: this.#draw(`${this.name}-call-`), tag: this.#draw(`${this.name}-tag-`) };
    const dialog = dialogOfCall(this.#options.identity, sending.to ?? '', ids, sending.from);
    this.#calls.use(dialog, sending.call);
    return dialog;
  }

  #dialog({ call }: Sending): PartyDialog {
    const dialog = this.#calls.named(call);
    if (!dialog) throw this.#ladder.failure(`${this.name} has no call${call === undefined ? '' : ` named ${call}`}`);
    this.#calls.use(dialog);
    return dialog;
  }

  #draw(prefix: string): string {
    return `${prefix}${++this.#drawn}`;
  }
}

const isWhat = (message: Message, what: What): boolean =>
  (typeof what === 'number' ? message.status : message.method) === what;
