/**
 * The journal's text: a line that names its version, then one line a change, the latest of each id holds. Pure.
 *
 *     teams-sbc calls 1
 *     +<id> <what is known, as JSON>
 *     -<id>
 */

/** Of another version nothing can be told: its lines may mean anything. */
const VERSION_LINE = 'teams-sbc calls 1\n';

export type JournalContent =
  | { readonly kind: 'sound'; readonly entries: readonly unknown[] }
  /** `entries`: what was known up to `line`, counted from 1. */
  | { readonly kind: 'damaged'; readonly entries: readonly unknown[]; readonly line: number; readonly problem: string }
  | { readonly kind: 'foreign'; readonly found: string };

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

/** A last line without its end was being written when the process died: it is not counted. */
export function readJournal(text: string): JournalContent {
  if (VERSION_LINE.startsWith(text)) return { kind: 'sound', entries: [] };
  if (!text.startsWith(VERSION_LINE)) return { kind: 'foreign', found: text.slice(0, 40).split('\n', 1)[0] ?? '' };
  const lines = text.split('\n');
  const entries = new Map<string, unknown>();
  for (let at = 1; at < lines.length - 1; at += 1) {
    const problem = take(lines[at] ?? '', entries);
    if (problem !== undefined) return { kind: 'damaged', entries: [...entries.values()], line: at + 1, problem };
  }
  return { kind: 'sound', entries: [...entries.values()] };
}

function take(line: string, entries: Map<string, unknown>): string | undefined {
  const space = line.indexOf(' ');
  if (line.startsWith('-')) {
    entries.delete(line.slice(1));
    return undefined;
  }
  if (!line.startsWith('+') || space < 0) return 'it is neither a change nor an end';
  try {
    const entry: unknown = JSON.parse(line.slice(space + 1));
    entries.set(line.slice(1, space), entry);
    return undefined;
  } catch {
    return 'what it holds is no JSON';
  }
}
