/** Everything that the simulator saw and said, for tests to assert on and for people to read. */
import type { Message } from 'sip';

export interface Recorded {
  /** Milliseconds since the simulator's start. */
  readonly atMs: number;
  readonly direction: 'received' | 'sent';
  /** One number for each TLS connection, counted from 1. */
  readonly connection: number;
  readonly dataCentre: string;
  /** Address and port of the other end. */
  readonly peer: string;
  readonly text: string;
  readonly message: Message;
}

/** What happened besides messages. */
export interface Noted {
  readonly atMs: number;
  readonly kind: 'connection-opened' | 'connection-closed' | 'connection-refused' | 'unreadable' | 'options-failed';
  readonly connection: number;
  readonly dataCentre: string;
  readonly detail: string;
}

interface Waiter {
  readonly matches: (entry: Recorded) => boolean;
  readonly found: (entry: Recorded) => void;
}

export class SimulatorLog {
  readonly messages: Recorded[] = [];
  readonly notes: Noted[] = [];
  /** Called for each entry, for a program that prints. */
  onEntry: ((entry: Recorded | Noted) => void) | undefined;
  readonly #startMs = performance.now();
  readonly #waiters = new Set<Waiter>();

  record(entry: Omit<Recorded, 'atMs'>): void {
    const recorded = { ...entry, atMs: this.#nowMs() };
    this.messages.push(recorded);
    this.onEntry?.(recorded);
    for (const waiter of [...this.#waiters]) if (waiter.matches(recorded)) waiter.found(recorded);
  }

  note(entry: Omit<Noted, 'atMs'>): void {
    const noted = { ...entry, atMs: this.#nowMs() };
    this.notes.push(noted);
    this.onEntry?.(noted);
  }

  received(startLine: string | number): Recorded[] {
    return this.messages.filter((entry) => entry.direction === 'received' && isKind(entry.message, startLine));
  }

  sent(startLine: string | number): Recorded[] {
    return this.messages.filter((entry) => entry.direction === 'sent' && isKind(entry.message, startLine));
  }

  /** The first message, also an earlier one, that fits: `log.waitFor((entry) => …)`. */
  waitFor(matches: (entry: Recorded) => boolean, withinMs = 10_000): Promise<Recorded> {
    const earlier = this.messages.find(matches);
    if (earlier) return Promise.resolve(earlier);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`The simulator waited ${withinMs} ms in vain\n${this.ladder()}`));
      }, withinMs);
      const waiter: Waiter = {
        matches,
        found: (entry) => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve(entry);
        },
      };
      this.#waiters.add(waiter);
    });
  }

  /** One line a message. */
  ladder(): string {
    return this.messages.map(line).join('\n');
  }

  #nowMs(): number {
    return Math.round(performance.now() - this.#startMs);
  }
}

/** `INVITE` or `180 (INVITE)`. */
function title(message: Message): string {
  return message.method ?? `${message.status ?? 0} (${message.headers.cseq.method})`;
}

export function line(entry: Recorded): string {
  const [from, to] = entry.direction === 'received' ? ['SBC', entry.dataCentre] : [entry.dataCentre, 'SBC'];
  return `${String(entry.atMs).padStart(7)} ms  ${from} -> ${to}  ${title(entry.message)}  [connection ${entry.connection}]`;
}

/** A method names a request, a number the status of a response. */
function isKind(message: Message, startLine: string | number): boolean {
  return typeof startLine === 'number' ? message.status === startLine : message.method === startLine;
}
