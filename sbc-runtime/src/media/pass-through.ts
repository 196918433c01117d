/** `media.engine: None`: media flows between the peers, and their SDP goes through as it came. */
import type { Log } from '../kernel/log.ts';
import { deliver } from './deliver.ts';
import type { MediaAnswer, MediaOffer, MediaRelay, MediaResult } from './media-relay.ts';

export class PassThrough implements MediaRelay {
  readonly available = true;
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  offer(offer: MediaOffer, done: (result: MediaResult) => void): void {
    this.#pass(offer.sdp, done);
  }

  answer(answer: MediaAnswer, done: (result: MediaResult) => void): void {
    this.#pass(answer.sdp, done);
  }

  /** There is nothing to end. */
  delete(): void {
    return;
  }

  nameOf(session: string): string {
    return session;
  }

  /** Media goes its own way, whatever becomes of us. */
  adopt(): void {
    return;
  }

  tellLost(): void {
    return;
  }

  #pass(sdp: string, done: (result: MediaResult) => void): void {
    queueMicrotask(() => deliver(this.#log, done, { kind: 'sdp', sdp }));
  }
}
