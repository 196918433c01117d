/** The header fields of a message (RFC 3261 §7.3): order, spelling and repetition are kept, look-ups know compact forms. */
import { BACKSLASH, COMMA, GREATER, LESS, QUOTE, hasLineBreak, isToken, trimBlanks } from './characters.ts';
import { keyOf, usualKey } from './header-names.ts';

export class Headers implements Iterable<readonly [string, string]> {
  // Parallel lists: spelling, lower-case long key, unfolded value. Nothing from the network becomes a property name.
  readonly #names: string[];
  readonly #keys: string[];
  readonly #values: string[];
  #revision = 0;
  #suspect = false;

  private constructor(names: string[], keys: string[], values: string[]) {
    this.#names = names;
    this.#keys = keys;
    this.#values = values;
  }

  static from(pairs: Iterable<readonly [string, string]>): Headers {
    const headers = new Headers([], [], []);
    for (const [name, value] of pairs) headers.append(name, value);
    return headers;
  }

  /** For the parser alone: takes over lists whose names are tokens and whose values hold no line break. */
  static adopt(names: string[], keys: string[], values: string[]): Headers {
    return new Headers(names, keys, values);
  }

  /** Grows with every change: what was parsed from an older revision is stale. */
  get revision(): number {
    return this.#revision;
  }

  /** The number of header lines. */
  get size(): number {
    return this.#keys.length;
  }

  /** The first line's value, unfolded and trimmed. */
  get(name: string): string | undefined {
    const at = this.#keys.indexOf(keyOf(name));
    return at < 0 ? undefined : this.#values[at];
  }

  /** One entry a header line, in order. */
  getAll(name: string): string[] {
    const key = keyOf(name);
    const found: string[] = [];
    for (let at = this.#keys.indexOf(key); at >= 0; at = this.#keys.indexOf(key, at + 1))
      found.push(this.#values[at] ?? '');
    return found;
  }

  /** The comma-separated elements over all lines (RFC 3261 §7.3.1); empty ones are left out. */
  list(name: string): string[] {
    const key = keyOf(name);
    const elements: string[] = [];
    for (let at = this.#keys.indexOf(key); at >= 0; at = this.#keys.indexOf(key, at + 1)) {
      splitList(this.#values[at] ?? '', elements);
    }
    return elements;
  }

  has(name: string): boolean {
    return this.#keys.includes(keyOf(name));
  }

  /** Replaces the first line and removes the others; appends where there is none. */
  set(name: string, value: string): this {
    const key = keyOf(name);
    const first = this.#keys.indexOf(key);
    if (first < 0) return this.append(name, value);
    this.#checked(name, value);
    this.#names[first] = name;
    this.#values[first] = value;
    this.#removeFrom(key, first + 1);
    return this;
  }

  /** Replaces the first line only, such as the topmost Via; appends where there is none. */
  replaceFirst(name: string, value: string): this {
    const first = this.#keys.indexOf(keyOf(name));
    if (first < 0) return this.append(name, value);
    this.#checked(this.#names[first] ?? name, value);
    this.#values[first] = value;
    return this;
  }

  append(name: string, value: string): this {
    this.#checked(name, value);
    this.#names.push(name);
    this.#keys.push(keyOf(name));
    this.#values.push(value);
    return this;
  }

  /** Puts the line above all others. */
  prepend(name: string, value: string): this {
    this.#checked(name, value);
    this.#names.unshift(name);
    this.#keys.unshift(keyOf(name));
    this.#values.unshift(value);
    return this;
  }

  /** Appends the source's lines of that name, as they are spelled there. */
  appendAllOf(name: string, source: Headers): this {
    const key = keyOf(name);
    for (let at = source.#keys.indexOf(key); at >= 0; at = source.#keys.indexOf(key, at + 1)) {
      this.#names.push(source.#names[at] ?? name);
      this.#keys.push(key);
      this.#values.push(source.#values[at] ?? '');
    }
    this.#suspect ||= source.#suspect;
    this.#revision++;
    return this;
  }

  delete(name: string): this {
    this.#removeFrom(keyOf(name), 0);
    return this;
  }

  clone(): Headers {
    const copy = new Headers(this.#names.slice(), this.#keys.slice(), this.#values.slice());
    copy.#suspect = this.#suspect;
    return copy;
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (let at = 0; at < this.#names.length; at++) yield [this.#names[at] ?? '', this.#values[at] ?? ''];
  }

  /**
   * The lines as they go on the wire, with this Content-Length in its place or at the end. Throws a SyntaxError for a
   * line break in a name or value: a header of its own smuggled in by whoever supplied the value.
   */
  toWire(contentLength: number): string {
    if (this.#suspect) this.#refuseLineBreaks();
    let text = '';
    let isLengthWritten = false;
    for (let at = 0; at < this.#keys.length; at++) {
      if (this.#keys[at] !== 'content-length') text += `${this.#names[at] ?? ''}: ${this.#values[at] ?? ''}\r\n`;
      else if (!isLengthWritten) {
        text += `${this.#names[at] ?? ''}: ${contentLength}\r\n`;
        isLengthWritten = true;
      }
    }
    return isLengthWritten ? text : `${text}Content-Length: ${contentLength}\r\n`;
  }

  /** Whether one of these lower-case long names stands on several lines. */
  hasRepeated(keys: ReadonlySet<string>): boolean {
    for (let at = 1; at < this.#keys.length; at++) {
      const key = this.#keys[at] ?? '';
      if (keys.has(key) && this.#keys.indexOf(key) < at) return true;
    }
    return false;
  }

  #checked(name: string, value: string): void {
    this.#revision++;
    if (hasLineBreak(value) || (usualKey(name) === undefined && !isToken(name))) this.#suspect = true;
  }

  #removeFrom(key: string, from: number): void {
    let kept = from;
    for (let at = from; at < this.#keys.length; at++) {
      if (this.#keys[at] === key) continue;
      this.#names[kept] = this.#names[at] ?? '';
      this.#keys[kept] = this.#keys[at] ?? '';
      this.#values[kept] = this.#values[at] ?? '';
      kept++;
    }
    this.#names.length = kept;
    this.#keys.length = kept;
    this.#values.length = kept;
    this.#revision++;
  }

  #refuseLineBreaks(): void {
    for (const [name, value] of this) {
      if (!isToken(name))
        throw new SyntaxError(`Cannot write the header ${JSON.stringify(name)}: its name is not a token`);
      if (hasLineBreak(value)) throw new SyntaxError(`Cannot write the header ${name}: its value holds a line break`);
    }
    this.#suspect = false;
  }
}

/** Appends the elements of a comma-separated value; commas in quoted strings and in `<…>` do not separate. */
export function splitList(value: string, elements: string[]): void {
  let start = 0;
  let isQuoted = false;
  let isBracketed = false;
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (isQuoted) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isQuoted = false;
    } else if (code === QUOTE) isQuoted = !isBracketed;
    else if (code === LESS) isBracketed = true;
    else if (code === GREATER) isBracketed = false;
    else if (code === COMMA && !isBracketed) {
      pushElement(value, start, at, elements);
      start = at + 1;
    }
  }
  pushElement(value, start, value.length, elements);
}

function pushElement(value: string, from: number, to: number, elements: string[]): void {
  const element = trimBlanks(value, from, to);
  if (element !== '') elements.push(element);
}
