/**
 * The relay session of one call: which side's SDP goes where. The callee has one name there, whichever of its forks speaks:
 * RTPEngine 10.5 tells forks apart by their tags, and where two of them have answered one offer, nobody hears anybody.
 */
import type { MediaProfile, MediaRelay, MediaResult } from '../media/media-relay.ts';
import type { Peer } from '../peers/peer.ts';
import type { CallSide } from './call-side.ts';
import type { CallSnapshot } from './call-snapshot.ts';
import type { CallEvent } from './call-state.ts';

type MediaEvent = Extract<CallEvent, { readonly result: MediaResult }>;

const sessionOf = (callId: string, attempt: number): string => `${callId}-${attempt}`;

/** The call that a session is one of: ids are hexadecimal digits. */
export function callOfSession(session: string): string {
  const end = session.indexOf('-');
  return end < 0 ? session : session.slice(0, end);
}

export class CallMedia {
  readonly #relay: MediaRelay;
  readonly #callId: string;
  readonly #onEvent: (event: MediaEvent) => void;
  #session: string;

  /** `session`: of a call that goes on. @default that of the first attempt */
  constructor(relay: MediaRelay, callId: string, onEvent: (event: MediaEvent) => void, session = callId) {
    this.#relay = relay;
    this.#callId = callId;
    this.#session = session;
    this.#onEvent = onEvent;
  }

  get session(): string {
    return this.#session;
  }

  /** Our name for it and the relay's. */
  snapshot(): CallSnapshot['media'] {
    return { session: this.#session, name: this.#relay.nameOf(this.#session) };
  }

  /** Each attempt has a session of its own: the next target may want other media on another interface. */
  startAttempt(attempt: number): void {
    if (attempt === 0) return;
    this.#relay.delete(this.#session);
    this.#session = sessionOf(this.#callId, attempt);
  }

  /** The first offer: there is no other side yet, only whom it is for. An offer of our own making speaks plain RTP. */
  offerTo(peer: Peer, caller: CallSide, sdp: string, isOurs: boolean): void {
    const session = this.#session;
    const from: MediaProfile = isOurs ? { ...caller.peer.media, transport: 'RTP/AVP' } : caller.peer.media;
    this.#relay.offer(
      { session, fromTag: caller.name, sdp: caller.peer.sdpFrom(sdp), from, to: peer.media },
      (result) => this.#deliver(session, { kind: 'media-offered', result }),
    );
  }

  offerAgain(from: CallSide, to: CallSide, sdp: string, event: (result: MediaResult) => MediaEvent): void {
    this.offerBack(from, to, from.peer.sdpFrom(sdp), event);
  }

  /** What we say in the name of `from`, in words that the relay understands as they are. */
  offerBack(from: CallSide, to: CallSide, sdp: string, event: (result: MediaResult) => MediaEvent): void {
    const session = this.#session;
    this.#relay.offer(
      {
        session,
        fromTag: from.name,
        toTag: to.name,
        sdp,
        from: from.peer.media,
        to: to.peer.media,
      },
      (result) => this.#deliver(session, event(result)),
    );
  }

  /** `from` answers what `to` has offered. */
  answer(from: CallSide, to: CallSide, sdp: string, event: (result: MediaResult) => MediaEvent): void {
    const session = this.#session;
    this.#relay.answer(
      {
        session,
        fromTag: to.name,
        toTag: from.name,
        sdp: from.peer.sdpFrom(sdp),
        from: from.peer.media,
        to: to.peer.media,
      },
      (result) => this.#deliver(session, event(result)),
    );
  }

  /**
   * Puts both sides to what was last agreed, or the answering one to a newer `answer`; whatever becomes of it, the call goes
   * on as it is.
   */
  restore(
    offering: CallSide,
    answering: CallSide,
    answer = answering.remoteSdp,
    done: (result: MediaResult) => void = () => undefined,
  ): void {
    const tags = { session: this.#session, fromTag: offering.name, toTag: answering.name };
    this.#relay.offer(
      { ...tags, sdp: offering.peer.sdpFrom(offering.remoteSdp), from: offering.peer.media, to: answering.peer.media },
      () => undefined,
    );
    this.#relay.answer(
      {
        ...tags,
        sdp: answering.peer.sdpFrom(answer),
        from: answering.peer.media,
        to: offering.peer.media,
      },
      done,
    );
  }

  delete(): void {
    this.#relay.delete(this.#session);
  }

  /** Late answers for a session that is over are dropped: another attempt may be waiting by now. */
  #deliver(session: string, event: MediaEvent): void {
    if (session === this.#session) this.#onEvent(event);
  }
}
