/**
 * The media relay by RTPEngine. Sessions are called `<pod>:<boot>:<session>` there, so that a runtime that starts anew
 * finds what the process before it has left: those of calls that go on are adopted, the others end.
 */
import type { Clock, Timer } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Random } from '../../kernel/random.ts';
import { codecEncodings } from '../../sdp/codecs.ts';
import { deliver } from '../deliver.ts';
import type { AdoptedSession, MediaAnswer, MediaOffer, MediaRelay, MediaResult } from '../media-relay.ts';
import type { BencodeDictionary } from './bencode.ts';
import { answerCommand, deleteCommand, hasCommonVoiceCodec, listCommand, offerCommand } from './flags.ts';
import type { NgClient, NgReply } from './ng-client.ts';
import { isDeleted, listedSessions, sdpResult } from './outcome.ts';
import { sdpFault } from './sdp-fault.ts';
import { SessionWatch } from './session-watch.ts';

export interface RtpengineRelayParams {
  readonly client: NgClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Whose sessions these are; no colon in it. One pod has one RTPEngine. */
  readonly podName: string;
  /** The names of RTPEngine's `--interface`s. It takes any other name in silence, and its first interface with it. */
  readonly interfaces: readonly string[];
}

/** Deletes that wait for a confirmation; of more, RTPEngine's own timeout takes care. */
const MAX_DELETES_OWED = 20_000;
const DELETE_AGAIN_AFTER_MS = 2000;
const MAX_VERBS_OF_A_SESSION = 32;
/** Names of up to 120 octets fit the datagram of a list. Where so many were adopted, others may hide behind them until their silence ends them (`--timeout`). */
const SWEEP_LIMIT = 500;
const MAX_SWEEPS = 100;

/** One command and what to do with its reply. */
interface Verb {
  readonly command: BencodeDictionary;
  readonly done: (reply: NgReply) => void;
}

export class RtpengineRelay implements MediaRelay {
  readonly #params: RtpengineRelayParams;
  readonly #prefix: string;
  /** The verbs of each session that has any; the first is with RTPEngine, the others wait for it. */
  readonly #verbs = new Map<string, Verb[]>();
  /** RTPEngine's names of the sessions whose end it has not confirmed. */
  readonly #owed = new Set<string>();
  /** RTPEngine's names of sessions of an earlier process, by ours. */
  readonly #adopted = new Map<string, string>();
  readonly #watch: SessionWatch;
  #retryTimer: Timer | undefined;
  #isClosed = false;
  #isSwept = false;
  #sweeps = 0;

  constructor(params: RtpengineRelayParams) {
    this.#params = params;
    this.#prefix = `${params.podName}:${params.random.token().slice(0, 12)}:`;
    this.#watch = new SessionWatch({
      ...{ clock: params.clock, log: params.log, isAvailable: () => this.available },
      request: (command, done) => params.client.request(command, done),
      requestOf: (name, command, done) => this.#enqueue(name, command, done),
    });
  }

  get available(): boolean {
    return this.#params.client.available;
  }

  /** Sessions that wait for an answer, and deletes that wait for a confirmation. */
  get size(): number {
    return this.#verbs.size + this.#owed.size;
  }

  start(): void {
    this.#params.client.start(
      (isAvailable) => {
        this.#onAvailable(isAvailable);
      },
      () => {
        this.#watch.gone();
      },
    );
  }

  close(): void {
    // Before the client: it ends the open deletes, and each would be asked for again.
    this.#isClosed = true;
    this.#watch.close();
    this.#params.client.close();
    if (this.#retryTimer !== undefined) this.#params.clock.cancel(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  offer(offer: MediaOffer, done: (result: MediaResult) => void): void {
    const refusal = this.#refusal(offer) ?? this.#codecRefusal(offer);
    if (refusal !== undefined) {
      this.#refuse(refusal, done);
      return;
    }
    const callId = this.nameOf(offer.session);
    if (this.available) this.#watch.begins(callId);
    this.#ask(callId, offerCommand(callId, offer), done);
  }

  answer(answer: MediaAnswer, done: (result: MediaResult) => void): void {
    const refusal = this.#refusal(answer);
    const callId = this.nameOf(answer.session);
    if (refusal !== undefined) this.#refuse(refusal, done);
    else this.#ask(callId, answerCommand(callId, answer), done);
  }

  delete(session: string): void {
    const callId = this.nameOf(session);
    this.#adopted.delete(session);
    this.#watch.ends(callId);
    if (this.#owed.size < MAX_DELETES_OWED) this.#delete(callId);
    else this.#params.log.warn('Media session left to the relay: too many deletes wait', { session });
  }

  nameOf(session: string): string {
    return (this.#adopted.size > 0 ? this.#adopted.get(session) : undefined) ?? this.#prefix + session;
  }

  adopt({ session, name }: AdoptedSession): void {
    this.#adopted.set(session, name);
    this.#watch.takesOver(name);
  }

  tellLost(onLost: (sessions: readonly string[]) => void): void {
    // `<pod>:<boot>:<session>`, whichever process named it.
    this.#watch.tellLost((names) => onLost(names.map((name) => name.slice(name.lastIndexOf(':') + 1))));
  }

  #refusal(asked: MediaOffer | MediaAnswer): MediaResult | undefined {
    const { interfaces } = this.#params;
    const unknown = [asked.from.interface, asked.to.interface].find((name) => !interfaces.includes(name));
    if (unknown !== undefined) return { kind: 'refused', reason: `Unknown interface "${unknown}"`, status: 503 };
    const fault = sdpFault(asked.sdp, asked.from.transport);
    return fault === undefined ? undefined : { kind: 'refused', reason: fault, status: 488 };
  }

  // Interop: where `strip` leaves none, rtpengine 10.5 lets every codec through, or writes an m= line without formats.
  #codecRefusal({ sdp, to }: MediaOffer): MediaResult | undefined {
    if (to.codecs.length === 0 || hasCommonVoiceCodec(codecEncodings(sdp), to.codecs)) return undefined;
    return { kind: 'refused', reason: 'No codec in common', status: 488 };
  }

  #refuse(refusal: MediaResult, done: (result: MediaResult) => void): void {
    queueMicrotask(() => deliver(this.#params.log, done, refusal));
  }

  #ask(callId: string, command: BencodeDictionary, done: (result: MediaResult) => void): void {
    this.#enqueue(callId, command, (reply) => {
      deliver(this.#params.log, done, reply.kind === 'answer' ? sdpResult(reply.answer) : reply);
    });
  }

  /** One verb of a session at a time, in the order in which they came. */
  #enqueue(callId: string, command: BencodeDictionary, done: (reply: NgReply) => void): void {
    const verbs = this.#verbs.get(callId);
    const verb = { command, done };
    if (verbs === undefined) {
      this.#verbs.set(callId, [verb]);
      this.#send(callId, verb);
    } else if (verbs.length < MAX_VERBS_OF_A_SESSION) {
      verbs.push(verb);
    } else {
      queueMicrotask(() => done({ kind: 'unavailable', reason: 'Too many requests wait for this session' }));
    }
  }

  #send(callId: string, verb: Verb): void {
    this.#params.client.request(verb.command, (reply) => {
      const verbs = this.#verbs.get(callId);
      verbs?.shift();
      const next = verbs?.[0];
      if (next === undefined) this.#verbs.delete(callId);
      else this.#send(callId, next);
      verb.done(reply);
    });
  }

  #delete(callId: string): void {
    this.#owed.add(callId);
    this.#enqueue(callId, deleteCommand(callId), (reply) => {
      if (reply.kind === 'answer' && isDeleted(reply.answer)) this.#owed.delete(callId);
      else this.#retryLater();
    });
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    this.#retryTimer ??= this.#params.clock.after(DELETE_AGAIN_AFTER_MS, () => {
      this.#retryTimer = undefined;
      if (this.available) this.#retry();
    });
  }

  #retry(): void {
    for (const callId of this.#owed) if (!this.#verbs.has(callId)) this.#delete(callId);
    if (!this.#isSwept) this.#sweep();
  }

  #onAvailable(isAvailable: boolean): void {
    const { log } = this.#params;
    if (!isAvailable) {
      log.error('RTPEngine does not answer: calls are refused until it does');
      return;
    }
    log.info('RTPEngine answers');
    this.#retry();
    this.#watch.available();
  }

  /** Ends the sessions of an earlier process of this pod that nobody has adopted; asks again until there are none. */
  #sweep(): void {
    const { client, log } = this.#params;
    this.#isSwept = true;
    this.#sweeps += 1;
    client.request(listCommand(SWEEP_LIMIT), (reply) => {
      if (reply.kind === 'unavailable') {
        this.#isSwept = false;
        this.#retryLater();
        return;
      }
      const left = listedSessions(reply.answer).filter((name) => this.#isOfAnEarlierProcess(name));
      if (left.length === 0 || this.#sweeps > MAX_SWEEPS) return;
      log.warn('Media sessions of an earlier process end', { count: left.length });
      this.#endAll(left, () => {
        this.#sweep();
      });
    });
  }

  #isOfAnEarlierProcess(name: string): boolean {
    const { podName } = this.#params;
    return name.startsWith(`${podName}:`) && !name.startsWith(this.#prefix) && !this.#watch.has(name);
  }

  #endAll(names: readonly string[], done: () => void): void {
    let open = names.length;
    for (const name of names) {
      this.#enqueue(name, deleteCommand(name), () => {
        open -= 1;
        if (open === 0) done();
      });
    }
  }
}
