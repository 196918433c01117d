/**
 * The journal's text: a line that names its version, then one line a change, the latest of each id holds. Pure.
 *
 *     teams-sbc calls 1
 *     +<id> <what is known, as JSON>
 *     -<id>
 */

/** Of another version nothing can be told: its lines may mean anything. */
const VERSION_LINE = 'teams-sbc calls 1\n';

export interface JournalContent<T> {
  /** What holds of each id, in the order in which ids first came. */
  readonly entries: readonly T[];
  /** The last that was read of an id and holds no more: a later line of its own is spoiled, or the first line is not ours. */
  readonly doubtful: readonly T[];
  /** The version in the first line, where it is not ours. */
  readonly foreign: string | undefined;
  readonly spoiled: SpoiledLines;
}

/** Lines that say nothing. Each stands for itself: what the others say holds. */
export interface SpoiledLines {
  readonly count: number;
  /** Counted from 1. */
  readonly first: { readonly line: number; readonly problem: string } | undefined;
}

export function journalHead(): string {
  return VERSION_LINE;
}

/** `id` holds neither spaces nor line breaks. */
export function putLine(id: string, entry: unknown): string {
  return `+${id} ${JSON.stringify(entry)}\n`;
}

export function endLine(id: string): string {
  return `-${id}\n`;
}

/**
 * A line holds all that is known of its id, so that one which is spoiled takes nothing from another id, and a later one of the
 * same id makes up for it. A last line without its end was being written when the process died: it is not counted.
 *
 * @param read undefined: it is no entry, and the line is spoiled
 */
export function readJournal<T>(text: string, read: (id: string, entry: unknown) => T | undefined): JournalContent<T> {
  const isOurs = text.startsWith(VERSION_LINE);
  const lines = text.split('\n');
  const reading: Reading<T> = { read, entries: new Map(), doubtful: new Map() };
  let [count, first]: [number, SpoiledLines['first']] = [0, undefined];
  for (let at = 1; at < lines.length - 1; at += 1) {
    const problem = take(lines[at] ?? '', reading);
    if (problem === undefined) continue;
    count += 1;
    first ??= { line: at + 1, problem };
  }
  const [entries, doubtful] = [[...reading.entries.values()], [...reading.doubtful.values()]];
  const spoiled = { count, first };
  if (isOurs || VERSION_LINE.startsWith(text)) return { entries, doubtful, foreign: undefined, spoiled };
  return { entries: [], doubtful: [...entries, ...doubtful], foreign: toldOf(lines[0] ?? ''), spoiled };
}

const OWN_KIND = 'teams-sbc calls ';
const MAX_TOLD = 40;

/** A file that has lost its beginning may begin anywhere, in a key too. */
const toldOf = (line: string): string => (line.startsWith(OWN_KIND) ? line.slice(0, MAX_TOLD) : 'no version');

interface Reading<T> {
  readonly read: (id: string, entry: unknown) => T | undefined;
  readonly entries: Map<string, T>;
  readonly doubtful: Map<string, T>;
}

/** What is wrong with the line; undefined: nothing. */
function take<T>(line: string, { read, entries, doubtful }: Reading<T>): string | undefined {
  const space = line.indexOf(' ');
  // Also of a line that is spoiled: an id that is known was hardly made by chance.
  const id = line.slice(1, space < 0 ? undefined : space);
  const entry = line.startsWith('+') && space > 0 ? read(id, json(line.slice(space + 1))) : undefined;
  if (entry !== undefined) {
    doubtful.delete(id);
    entries.set(id, entry);
    return undefined;
  }
  const before = entries.get(id);
  entries.delete(id);
  if (line.startsWith('-') && space < 0) {
    doubtful.delete(id);
    return undefined;
  }
  if (before !== undefined) doubtful.set(id, before);
  return line.startsWith('+') ? 'it holds no entry' : 'it is neither a change nor an end';
}

/** Undefined: it is none. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
