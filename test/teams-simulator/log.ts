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
  readonly kind:
    | 'connection-opened'
    | 'connection-closed'
    | 'connection-refused'
    | 'unreadable'
    | 'options-failed'
    | 'refused'
    | 'fault';
  readonly connection: number;
  readonly dataCentre: string;
  readonly detail: string;
}

/** What is older than this many messages is forgotten: an hour of OPTIONS, or a load that this is not made for. */
const MAX_MESSAGES = 50_000;
const MAX_NOTES = 10_000;

interface Waiter {
  readonly matches: (entry: Recorded) => boolean;
  readonly found: (entry: Recorded) => void;
}

export class SimulatorLog {
  readonly messages: Recorded[] = [];
  readonly notes: Noted[] = [];
  /** Messages that were forgotten: what is said of all messages is then said of the rest. */
  forgotten = 0;
  /** Called for each entry, for a program that prints. */
  onEntry: ((entry: Recorded | Noted) => void) | undefined;
  readonly #startMs = performance.now();
  readonly #waiters = new Set<Waiter>();

  record(entry: Omit<Recorded, 'atMs'>): void {
    const recorded = { ...entry, atMs: this.nowMs };
    this.messages.push(recorded);
    if (this.messages.length > MAX_MESSAGES) this.forgotten += this.messages.splice(0, MAX_MESSAGES / 10).length;
    this.onEntry?.(recorded);
    for (const waiter of [...this.#waiters]) if (waiter.matches(recorded)) waiter.found(recorded);
  }

  note(entry: Omit<Noted, 'atMs'>): void {
    const noted = { ...entry, atMs: this.nowMs };
    this.notes.push(noted);
    if (this.notes.length > MAX_NOTES) this.notes.splice(0, MAX_NOTES / 10);
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

  /** A new page: what follows is judged by itself. */
  clear(): void {
    this.messages.length = 0;
    this.notes.length = 0;
  }

  /** One line a message. */
  ladder(): string {
    return this.messages.map(line).join('\n');
  }

  /** Since the start. */
  get nowMs(): number {
    return Math.round(performance.now() - this.#startMs);
  }
}

/** `INVITE` or `180 (INVITE)`. */
export function title(message: Message): string {
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
