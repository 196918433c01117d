/**
 * Finds the words that we know in a text without cutting them out. A piece cut from a message and looked up in a Map is
 * made a key of V8's own table first, which costs more than the look-up: for each header line of each message.
 */

interface Entry<Value> {
  readonly word: string;
  readonly value: Value;
}

/** A power of two. */
const BUCKETS = 512;

export class WordTable<Value> {
  readonly #buckets: Entry<Value>[][] = Array.from({ length: BUCKETS }, () => []);

  /** The first entry of a word counts. Empty words are never found. */
  constructor(entries: Iterable<readonly [string, Value]>) {
    for (const [word, value] of entries) this.#buckets[hashOf(word, 0, word.length)]?.push({ word, value });
  }

  /** The value of the word that stands in `text` from `from` up to `to`. Compares letters exactly. */
  find(text: string, from = 0, to = text.length): Value | undefined {
    const bucket = this.#buckets[hashOf(text, from, to)];
    if (bucket === undefined) return undefined;
    for (const entry of bucket) {
      if (entry.word.length === to - from && stands(entry.word, text, from)) return entry.value;
    }
    return undefined;
  }
}

function hashOf(text: string, from: number, to: number): number {
  const length = to - from;
  const first = text.charCodeAt(from);
  const middle = text.charCodeAt(from + (length >> 1));
  const last = text.charCodeAt(to - 1);
  return (length * 31 + first * 7 + middle * 5 + last * 3) & (BUCKETS - 1);
}

function stands(word: string, text: string, from: number): boolean {
  for (let at = 0; at < word.length; at++) if (word.charCodeAt(at) !== text.charCodeAt(from + at)) return false;
  return true;
}
