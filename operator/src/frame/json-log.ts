/** The log port by winston: one JSON object a line, `time`, `level`, `message`, then the facts. */
import { Writable } from 'node:stream';
import winston from 'winston';
import type { Clock } from '../kernel/clock.ts';
import type { Log, LogFields } from '../kernel/log.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface JsonLogParams {
  readonly clock: Clock;
  /** Standard output, as a rule. */
  readonly destination: NodeJS.WritableStream;
  /** Default `info`. */
  readonly level?: LogLevel | undefined;
}

/** Where winston's formats leave the finished line. */
const LINE = Symbol.for('message');

export function jsonLog({ clock, destination, level }: JsonLogParams): Log {
  const format = winston.format.printf(({ line }) => String(line));
  const logger = winston.createLogger({ level: level ?? 'info', format });
  logger.pipe(lineWriter(destination));
  const write = (at: LogLevel, message: string, fields: LogFields | undefined): void => {
    if (!logger.isLevelEnabled(at)) return;
    const head = { time: new Date(clock.wallMs()).toISOString(), level: at, message };
    // The head's names are taken: a fact called `level` must not turn an error into something else.
    const line = JSON.stringify(fields === undefined ? head : { ...head, ...fields, ...head });
    logger.log({ level: at, message, line });
  };
  return {
    error: (message, fields) => write('error', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    info: (message, fields) => write('info', message, fields),
    debug: (message, fields) => write('debug', message, fields),
  };
}

/** A destination that has failed gets no more: each further line would fail too. */
function lineWriter(destination: NodeJS.WritableStream): Writable {
  let isBroken = false;
  destination.on('error', () => (isBroken = true));
  return new Writable({
    objectMode: true,
    write(record: { readonly [LINE]: string }, _encoding, next) {
      if (!isBroken) destination.write(`${record[LINE]}\n`);
      next();
    },
  });
}
