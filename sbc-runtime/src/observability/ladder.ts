/**
 * Messages as a ladder in clear text, for a terminal at night. Pure. What a message says comes from `read`, and what may
 * be shown of it from `redact`: this room knows no SIP.
 *
 *     time        teams                       sbc                         pbx
 *     +0.000      |---------- INVITE -------->|                           |  audio RTP/SAVP: PCMA telephone-event, sendrecv
 */
import type { TracedMessage } from './trace-ring.ts';

/** The facts of one message that an arrow can carry. */
export interface MessageReading {
  /** `INVITE`, or `183 Session Progress (INVITE)`. */
  readonly title: string;
  /** The first audio section, where there is SDP. */
  readonly media?: { readonly profile: string; readonly codecs: readonly string[]; readonly direction: string };
  /** The Reason header's value (RFC 3326). */
  readonly reason?: string;
}

export interface LadderParams {
  /** Columns from left to right; who else appears gets a column behind them. */
  readonly participants: readonly string[];
  readonly read: (text: string) => MessageReading;
  /** Blanks keys and credentials. */
  readonly redact: (text: string) => string;
  /** Each message in full below the ladder. @default false */
  readonly withMessages?: boolean;
  /** Messages of the call that are not among those given. @default 0 */
  readonly more?: number;
}

const TIME_WIDTH = 12;
const COLUMN_WIDTH = 28;
const MAX_PARTICIPANTS = 8;
const MAX_CODECS = 8;
/** Octets of messages in one slice: some milliseconds. */
const SLICE_OCTETS = 64 * 1024;

/** Empty where there are no messages. They stand in the order given. Yields after each slice of the work. */
export function* ladder(messages: readonly TracedMessage[], params: LadderParams): Generator<undefined, string> {
  const first = messages[0];
  if (first === undefined) return '';
  const columns = columnsOf(messages, params.participants);
  const lines = [`Starts ${new Date(first.atMs).toISOString()}`, '', header(columns)];
  for (const message of inSlicesOf(messages)) {
    if (message === undefined) yield;
    else lines.push(rung(message, offset(message, first), columns, params.read(message.text)));
  }
  const { more = 0 } = params;
  if (more > 0) lines.push(`and ${more} messages more`);
  if (params.withMessages === true) {
    for (const message of inSlicesOf(messages)) {
      if (message === undefined) yield;
      else lines.push(...inFull(message, offset(message, first), params.redact));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The messages, and undefined where a slice ends. */
function* inSlicesOf(messages: readonly TracedMessage[]): Generator<TracedMessage | undefined> {
  let octets = 0;
  for (const message of messages) {
    octets += message.text.length;
    if (octets > SLICE_OCTETS) {
      yield undefined;
      octets = message.text.length;
    }
    yield message;
  }
}

/** Beyond the limit, the last column stands for all others. */
function columnsOf(messages: readonly TracedMessage[], participants: readonly string[]): readonly string[] {
  const columns = new Set(participants);
  for (const { from, to } of messages) columns.add(from).add(to);
  return [...columns].slice(0, MAX_PARTICIPANTS);
}

function header(columns: readonly string[]): string {
  return (
    'time'.padEnd(TIME_WIDTH) +
    columns
      .map((column) =>
        printable(column)
          .slice(0, COLUMN_WIDTH - 2)
          .padEnd(COLUMN_WIDTH),
      )
      .join('')
  ).trimEnd();
}

function rung(message: TracedMessage, time: string, columns: readonly string[], reading: MessageReading): string {
  const from = columnOf(columns, message.from);
  const to = columnOf(columns, message.to);
  const left = Math.min(from, to);
  const right = Math.max(from, to);
  let line = time.padEnd(TIME_WIDTH);
  for (let column = 0; column < columns.length; column += 1) {
    if (column === left && left < right) {
      line += `|${arrow(reading.title, (right - left) * COLUMN_WIDTH - 1, from < to)}`;
      column = right - 1;
    } else {
      line += '|'.padEnd(column === columns.length - 1 ? 1 : COLUMN_WIDTH);
    }
  }
  const facts = factsOf(reading, left === right);
  return facts === '' ? line : `${line}  ${facts}`;
}

function columnOf(columns: readonly string[], participant: string): number {
  const column = columns.indexOf(participant);
  return column === -1 ? columns.length - 1 : column;
}

/** `------ INVITE ----->`, `width` characters long. */
function arrow(title: string, width: number, pointsRight: boolean): string {
  const label = ` ${printable(title).slice(0, width - 6)} `;
  const before = Math.floor((width - 1 - label.length) / 2);
  const shaft = `${'-'.repeat(before)}${label}`.padEnd(width - 1, '-');
  return pointsRight ? `${shaft}>` : `<${shaft}`;
}

function factsOf(reading: MessageReading, isTitleMissing: boolean): string {
  const facts: string[] = isTitleMissing ? [reading.title] : [];
  const { media, reason } = reading;
  if (media !== undefined) {
    const codecs = media.codecs.slice(0, MAX_CODECS).join(' ');
    const more = media.codecs.length > MAX_CODECS ? ' …' : '';
    facts.push(`${media.profile}: ${codecs}${more}, ${media.direction}`);
  }
  if (reason !== undefined) facts.push(`Reason: ${reason}`);
  return printable(facts.join('; '));
}

function inFull(message: TracedMessage, time: string, redact: (text: string) => string): [string, string, string] {
  const text = redact(message.text).replaceAll('\r\n', '\n').trimEnd();
  const indented = text
    .split('\n')
    .map((line) => `    ${printable(line)}`)
    .join('\n');
  return ['', `${time}  ${printable(message.from)} -> ${printable(message.to)}`, indented];
}

function offset(message: TracedMessage, first: TracedMessage): string {
  return `+${((message.atMs - first.atMs) / 1000).toFixed(3)}`;
}

/** What peers send reaches a terminal here: control characters would command it. */
function printable(text: string): string {
  let clean = '';
  let kept = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (!isControl(text.charCodeAt(index))) continue;
    clean += `${text.slice(kept, index)}?`;
    kept = index + 1;
  }
  return kept === 0 ? text : clean + text.slice(kept);
}

function isControl(code: number): boolean {
  return (code < 0x20 && code !== 0x09) || (code >= 0x7f && code < 0xa0);
}
