/** `;name=value` parameters of URIs and headers (RFC 3261 §19.1.1, §25.1): ordered, any name, values verbatim. */
import { COMMA, EQUALS, QUESTION, QUOTE, SEMICOLON, endOfQuoted, isBlank, skipBlanks } from './characters.ts';

export class Params implements Iterable<readonly [string, string | undefined]> {
  // Parallel lists and no object with names from the network as keys: `__proto__` is a parameter like any other.
  readonly #names: string[] = [];
  readonly #values: (string | undefined)[] = [];

  static from(pairs: Iterable<readonly [string, string | undefined]>): Params {
    const params = new Params();
    for (const [name, value] of pairs) params.append(name, value);
    return params;
  }

  get size(): number {
    return this.#names.length;
  }

  /** The first one's value as written, quotes included; `''` for a parameter without a value. */
  get(name: string): string | undefined {
    const at = this.#find(name);
    return at < 0 ? undefined : (this.#values[at] ?? '');
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /** Replaces the first of that name, appends where absent. Without a value: a flag such as `;lr`. */
  set(name: string, value?: string): this {
    const at = this.#find(name);
    if (at < 0) return this.append(name, value);
    this.#values[at] = value;
    return this;
  }

  append(name: string, value?: string): this {
    this.#names.push(name);
    this.#values.push(value);
    return this;
  }

  delete(name: string): this {
    const lower = name.toLowerCase();
    let kept = 0;
    for (let at = 0; at < this.#names.length; at++) {
      const candidate = this.#names[at] ?? '';
      if (candidate.toLowerCase() === lower) continue;
      this.#names[kept] = candidate;
      this.#values[kept] = this.#values[at];
      kept++;
    }
    this.#names.length = kept;
    this.#values.length = kept;
    return this;
  }

  clone(): Params {
    return Params.from(this);
  }

  *[Symbol.iterator](): Generator<readonly [string, string | undefined]> {
    for (const [at, name] of this.#names.entries()) yield [name, this.#values[at]];
  }

  /** `;a=b;c`, or nothing where there are none. */
  toString(): string {
    let text = '';
    for (let at = 0; at < this.#names.length; at++) {
      const value = this.#values[at];
      text += value === undefined ? `;${this.#names[at] ?? ''}` : `;${this.#names[at] ?? ''}=${value}`;
    }
    return text;
  }

  #find(name: string): number {
    const lower = name.toLowerCase();
    for (let at = 0; at < this.#names.length; at++) {
      const candidate = this.#names[at] ?? '';
      if (candidate === lower) return at;
      if (candidate.length === lower.length && candidate.toLowerCase() === lower) return at;
    }
    return -1;
  }
}

/**
 * Reads header parameters from `from`, the end of what stands before them, into `params`. Returns the position of the
 * comma or end that stops them; -1 where they are malformed. `strict` refuses empty ones (`;;`) instead of skipping.
 */
export function scanHeaderParams(text: string, from: number, params: Params, strict: boolean): number {
  let at = skipBlanks(text, from);
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === COMMA) return at;
    if (code !== SEMICOLON) return -1;
    const start = skipBlanks(text, at + 1);
    const nameEnd = endOfWord(text, start);
    at = skipBlanks(text, nameEnd);
    if (nameEnd === start) {
      if (strict || text.charCodeAt(at) === EQUALS) return -1;
      continue;
    }
    if (text.charCodeAt(at) !== EQUALS) {
      params.append(text.slice(start, nameEnd));
      continue;
    }
    const valueStart = skipBlanks(text, at + 1);
    const valueEnd = endOfValue(text, valueStart);
    if (valueEnd < 0) return -1;
    params.append(text.slice(start, nameEnd), text.slice(valueStart, valueEnd));
    at = skipBlanks(text, valueEnd);
  }
  return at;
}

/** Reads URI parameters that start at `from` (a semicolon, or an end). Returns where `?` or the end stops them. */
export function scanUriParams(text: string, from: number, params: Params): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) === SEMICOLON) {
    const start = at + 1;
    let equals = -1;
    for (at = start; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === SEMICOLON || code === QUESTION) break;
      if (code === EQUALS && equals < 0) equals = at;
    }
    if (equals < 0 && at > start) params.append(text.slice(start, at));
    else if (equals > start) params.append(text.slice(start, equals), text.slice(equals + 1, at));
  }
  return at;
}

function endOfWord(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === SEMICOLON || code === COMMA || code === EQUALS || code === QUOTE || isBlank(code)) break;
  }
  return at;
}

function endOfValue(text: string, from: number): number {
  if (text.charCodeAt(from) === QUOTE) return endOfQuoted(text, from);
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === SEMICOLON || code === COMMA || isBlank(code)) break;
  }
  return at;
}
