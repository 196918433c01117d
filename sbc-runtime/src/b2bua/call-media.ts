/** The relay session of one call: which side's SDP goes where, under which names. */
import type { MediaRelay, MediaResult } from '../media/media-relay.ts';
import type { Peer } from '../peers/peer.ts';
import type { CallSide } from './call-side.ts';
import type { CallEvent } from './call-state.ts';

type MediaEvent = Extract<CallEvent, { readonly result: MediaResult }>;

export class CallMedia {
  readonly #relay: MediaRelay;
  readonly #callId: string;
  readonly #onEvent: (event: MediaEvent) => void;
  #session: string;

  constructor(relay: MediaRelay, callId: string, onEvent: (event: MediaEvent) => void) {
    this.#relay = relay;
    this.#callId = callId;
    this.#session = callId;
    this.#onEvent = onEvent;
  }

  /** Each attempt has a session of its own: the next target may want other media on another interface. */
  startAttempt(attempt: number): void {
    if (attempt === 0) return;
    this.#relay.delete(this.#session);
    this.#session = `${this.#callId}-${attempt}`;
  }

  /** The first offer: there is no other side yet, only whom it is for. */
  offerTo(peer: Peer, caller: CallSide, sdp: string): void {
    const session = this.#session;
    this.#relay.offer(
      { session, fromTag: caller.relayTag, sdp: caller.peer.sdpFrom(sdp), from: caller.peer.media, to: peer.media },
      (result) => this.#deliver(session, { kind: 'media-offered', result }),
    );
  }

  offerAgain(from: CallSide, to: CallSide, sdp: string, event: (result: MediaResult) => MediaEvent): void {
    const session = this.#session;
    this.#relay.offer(
      {
        session,
        fromTag: from.relayTag,
        toTag: to.relayTag,
        sdp: from.peer.sdpFrom(sdp),
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
        fromTag: to.relayTag,
        toTag: from.relayTag,
        sdp: from.peer.sdpFrom(sdp),
        from: from.peer.media,
        to: to.peer.media,
      },
      (result) => this.#deliver(session, event(result)),
    );
  }

  /** Puts both sides back to what was last agreed; whatever becomes of it, the call goes on as it is. */
  restore(offering: CallSide, answering: CallSide): void {
    const tags = { session: this.#session, fromTag: offering.relayTag, toTag: answering.relayTag };
    this.#relay.offer(
      { ...tags, sdp: offering.peer.sdpFrom(offering.remoteSdp), from: offering.peer.media, to: answering.peer.media },
      () => undefined,
    );
    this.#relay.answer(
      {
        ...tags,
        sdp: answering.peer.sdpFrom(answering.remoteSdp),
        from: answering.peer.media,
        to: offering.peer.media,
      },
      () => undefined,
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
