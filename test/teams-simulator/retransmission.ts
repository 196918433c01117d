/** A 2xx that is said again until it is acknowledged (RFC 3261 §13.3.1.4), also over TLS. */

export interface AckTimers {
  /** First interval; it doubles up to eight times that. Default: 500. */
  readonly t1Ms: number;
  /** Default: 32 000. */
  readonly ackTimeoutMs: number;
}

export class Retransmission {
  readonly #send: () => void;
  readonly #maxMs: number;
  #timer: NodeJS.Timeout | undefined;
  readonly #deadline: NodeJS.Timeout;

  /** Sends at once. */
  constructor(send: () => void, { t1Ms, ackTimeoutMs }: AckTimers, onMissing: () => void) {
    this.#send = send;
    this.#maxMs = 8 * t1Ms;
    send();
    this.#again(t1Ms);
    this.#deadline = setTimeout(() => {
      this.stop();
      onMissing();
    }, ackTimeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#deadline);
  }

  #again(afterMs: number): void {
    this.#timer = setTimeout(() => {
      this.#send();
      this.#again(Math.min(2 * afterMs, this.#maxMs));
    }, afterMs);
  }
}
