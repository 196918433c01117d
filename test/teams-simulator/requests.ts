/** Requests of the simulator until their final response. TLS is reliable: nothing is retransmitted (RFC 3261 §17.1). */
import type { Message } from 'sip';
import type { Connection } from './connection.ts';

const TIMEOUT_MS = 32_000;
/** Open requests: as many calls, and some. */
const MAX_PENDING = 10_000;

interface Pending {
  /** Where it went, until something came back: from then on a response may take another connection (RFC 3261 §18.2.2). */
  connection: Connection | undefined;
  readonly onProvisional: (response: Message) => void;
  readonly onFinal: (response: Message) => void;
  readonly onFailed: (error: Error) => void;
  timer: NodeJS.Timeout | undefined;
}

export class Requests {
  readonly #pending = new Map<string, Pending>();

  /** Sends and resolves with the final response. An INVITE that rings has no limit. */
  send(
    request: Message,
    connection: Connection,
    onProvisional: (response: Message) => void = () => undefined,
  ): Promise<Message> {
    const key = keyOf(request);
    const method = request.method ?? '';
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= MAX_PENDING) throw new Error(`Cannot send: ${MAX_PENDING} requests wait for answers`);
      const onFailed = (error: Error) => {
        this.#forget(key);
        reject(error);
      };
      const late = () => onFailed(new Error(`Cannot finish ${method}: no final response in ${TIMEOUT_MS} ms`));
      const onFinal = (response: Message) => {
        this.#forget(key);
        resolve(response);
      };
      this.#pending.set(key, { connection, onProvisional, onFinal, onFailed, timer: setTimeout(late, TIMEOUT_MS) });
      connection.send(request);
    });
  }

  /** False where the response belongs to nothing. */
  onResponse(response: Message): boolean {
    const pending = this.#pending.get(keyOf(response));
    if (!pending) return false;
    if ((response.status ?? 0) >= 200) {
      pending.onFinal(response);
    } else {
      clearTimeout(pending.timer);
      pending.timer = undefined;
      pending.connection = undefined;
      pending.onProvisional(response);
    }
    return true;
  }

  /** The connection is gone: what went over it and has heard nothing fails. */
  onClosed(connection: Connection): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.connection === connection)
        pending.onFailed(new Error('Cannot finish: the SBC closed the connection'));
    }
  }

  /** Ends all that is open, at the simulator's end. */
  failAll(): void {
    for (const pending of [...this.#pending.values()])
      pending.onFailed(new Error('Cannot finish: the simulator stops'));
  }

  #forget(key: string): void {
    clearTimeout(this.#pending.get(key)?.timer);
    this.#pending.delete(key);
  }
}

/** RFC 3261 §17.1.3: top branch and method of CSeq. */
const keyOf = (message: Message): string =>
  `${message.headers.via[0]?.params['branch'] ?? ''} ${message.headers.cseq.method}`;
