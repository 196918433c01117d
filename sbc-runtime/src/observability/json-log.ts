/** The log port by winston: one JSON object a line: `time`, `level` and `message`, then the facts (`call`, `leg`, …). */
import { Writable } from 'node:stream';
import winston from 'winston';
import type { Clock } from '../kernel/clock.ts';
import type { Facts, Log } from '../kernel/log.ts';

/** As in the routing-state document. */
export type LogLevel = 'Error' | 'Warn' | 'Info' | 'Debug';

export interface JsonLogParams {
  readonly clock: Clock;
  /** Standard output, as a rule. */
  readonly destination: NodeJS.WritableStream;
  /** @default 'Info' */
  readonly level?: LogLevel;
}

const severity: Readonly<Record<LogLevel, number>> = { Error: 0, Warn: 1, Info: 2, Debug: 3 };
const winstonLevels: Readonly<Record<LogLevel, string>> = {
  Error: 'error',
  Warn: 'warn',
  Info: 'info',
  Debug: 'debug',
};

/** Where winston's formats leave the finished line. */
const LINE = Symbol.for('message');

/** The level holds for the log and all its children. */
export class JsonLog implements Log {
  readonly #clock: Clock;
  readonly #logger: winston.Logger;
  #level: LogLevel;

  constructor(params: JsonLogParams) {
    this.#clock = params.clock;
    this.#level = params.level ?? 'Info';
    this.#logger = winston.createLogger({
      // The level is ours to judge, before a line is built.
      level: winstonLevels.Debug,
      format: winston.format.printf((info) => String(info['line'])),
    });
    this.#logger.pipe(lineWriter(params.destination));
  }

  get level(): LogLevel {
    return this.#level;
  }

  /** From the next line on. */
  setLevel(level: LogLevel): void {
    this.#level = level;
  }

  get debugEnabled(): boolean {
    return this.#level === 'Debug';
  }

  debug(message: string, facts?: Facts): void {
    this.#write('Debug', message, facts);
  }

  info(message: string, facts?: Facts): void {
    this.#write('Info', message, facts);
  }

  warn(message: string, facts?: Facts): void {
    this.#write('Warn', message, facts);
  }

  error(message: string, facts?: Facts): void {
    this.#write('Error', message, facts);
  }

  child(facts: Facts): Log {
    return new ChildLog(this, facts);
  }

  #write(level: LogLevel, message: string, facts: Facts | undefined): void {
    if (severity[level] > severity[this.#level]) return;
    const time = new Date(this.#clock.wallMs()).toISOString();
    const name = winstonLevels[level];
    const line = `{"time":"${time}","level":"${name}","message":${JSON.stringify(message)}${factsText(facts)}}`;
    this.#logger.log({ level: name, message, line });
  }
}

/** `,"call":"…"`, as it follows the head of a line. */
function factsText(facts: Facts | undefined): string {
  if (facts === undefined) return '';
  // The head's names are taken: a fact called `level` must not turn an error into something else.
  const { time, level, message, ...others } = facts;
  const isClean = time === undefined && level === undefined && message === undefined;
  const text = JSON.stringify(isClean ? facts : others);
  return text === '{}' ? '' : `,${text.slice(1, -1)}`;
}

class ChildLog implements Log {
  readonly #root: JsonLog;
  readonly #facts: Facts;

  constructor(root: JsonLog, facts: Facts) {
    this.#root = root;
    this.#facts = facts;
  }

  get debugEnabled(): boolean {
    return this.#root.debugEnabled;
  }

  debug(message: string, facts?: Facts): void {
    if (this.#root.debugEnabled) this.#root.debug(message, { ...this.#facts, ...facts });
  }

  info(message: string, facts?: Facts): void {
    this.#root.info(message, { ...this.#facts, ...facts });
  }

  warn(message: string, facts?: Facts): void {
    this.#root.warn(message, { ...this.#facts, ...facts });
  }

  error(message: string, facts?: Facts): void {
    this.#root.error(message, { ...this.#facts, ...facts });
  }

  child(facts: Facts): Log {
    return new ChildLog(this.#root, { ...this.#facts, ...facts });
  }
}

/**
 * In place of winston's own stream transport, which starts an immediate with each line. Never slows the log down: lines are
 * few. A destination that has failed gets no more: each further line would fail too, and be worth a line in the log.
 */
function lineWriter(destination: NodeJS.WritableStream): Writable {
  let isBroken = false;
  destination.on('error', () => {
    isBroken = true;
  });
  return new Writable({
    objectMode: true,
    write(record: { readonly [LINE]: string }, _encoding, next) {
      if (!isBroken) destination.write(`${record[LINE]}\n`);
      next();
    },
  });
}
