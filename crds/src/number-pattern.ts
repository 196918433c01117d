/**
 * Patterns of phone numbers: a small part of what regular expressions can say, read here and carried out by
 * `number-program.ts` with work that is linear in the number. What one pattern may hold is bounded. Pure.
 *
 *   pattern := '^'? choice '$'?        choice := sequence ('|' sequence)*      sequence := (atom count?)*
 *   atom    := digit | '#' | '-' | '+' in front | '.' | '\d' | '\' any sign | '[' '^'? (sign | digit '-' digit)+ ']' | '(' choice ')'
 *   count   := '?' | '*' | '{' n '}' | '{' n ',' '}' | '{' n ',' m '}'
 */
import {
  compileNumberProgram,
  programSize,
  runNumberProgram,
  type NumberNode,
  type NumberProgram,
} from './number-program.ts';

/** Of a pattern with its counts written out; a national plan with everything in it takes some dozens. */
const maxPatternSteps = 512;
const MAX_DEPTH = 8;
const MAX_GROUPS = 9;
const MAX_COUNT = 64;

/** What the pattern has captured: the whole number, then one text a group; empty where a group took no part. */
export type NumberGroups = readonly string[];

export class NumberPattern {
  /** How many groups capture. */
  readonly groups: number;
  readonly #program: NumberProgram;

  constructor(program: NumberProgram, groups: number) {
    this.#program = program;
    this.groups = groups;
  }

  /** Every number that fits begins with one of them; `''` where nothing can be said. */
  get prefixes(): readonly string[] {
    return this.#program.prefixes;
  }

  /** Undefined where the whole number does not fit. */
  match(number: string): NumberGroups | undefined {
    return runNumberProgram(this.#program, number, this.groups);
  }

  test(number: string): boolean {
    return runNumberProgram(this.#program, number, 0) !== undefined;
  }
}

export type ParsedNumberPattern =
  | { readonly ok: true; readonly pattern: NumberPattern }
  /** A sentence without a full stop: what is wrong, and what to write. */
  | { readonly ok: false; readonly message: string };

/** Never throws. */
export function parseNumberPattern(text: string): ParsedNumberPattern {
  const parser = new Parser(text);
  try {
    const node = parser.whole();
    const steps = programSize(node);
    if (steps > maxPatternSteps)
      return {
        ok: false,
        message: `the pattern has ${String(steps)} steps with its counts written out, allowed ${String(maxPatternSteps)}: use smaller counts, or several rules`,
      };
    return { ok: true, pattern: new NumberPattern(compileNumberProgram(node), parser.groups) };
  } catch (error) {
    if (error instanceof PatternFault) return { ok: false, message: error.message };
    throw error;
  }
}

/** Undefined where the replacement asks for nothing that the pattern lacks. */
export function replacementFault(pattern: NumberPattern, replacement: string): string | undefined {
  for (let at = replacement.indexOf('$'); at >= 0; at = replacement.indexOf('$', at + 1)) {
    const group = Number(replacement.charAt(at + 1) || Number.NaN);
    if (!Number.isInteger(group)) return 'a $ without a digit behind it: write $1 for the first group of the pattern';
    if (group > pattern.groups)
      return `$${String(group)}, but the pattern has ${pattern.groups === 1 ? '1 group' : `${String(pattern.groups)} groups`}: put ( ) around what it stands for`;
  }
  return undefined;
}

/** The replacement with `$0` to `$9` filled in. */
export function fillIn(replacement: string, groups: NumberGroups): string {
  if (!replacement.includes('$')) return replacement;
  let filled = '';
  for (let at = 0; at < replacement.length; at++) {
    const character = replacement.charAt(at);
    if (character !== '$') filled += character;
    else filled += groups[Number(replacement.charAt((at += 1)))] ?? '';
  }
  return filled;
}

class PatternFault extends Error {}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  groups = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): NumberNode {
    this.#take('^');
    const node = this.#choice();
    if (this.#take('$') && this.#at < this.#text.length)
      this.#fail('a $ stands at the end of a pattern only: remove it');
    if (this.#at < this.#text.length) this.#fail('a ) without its (: remove it, or write \\)');
    return node;
  }

  #choice(): NumberNode {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    const [only] = branches;
    return branches.length === 1 && only !== undefined ? only : { kind: 'choice', branches };
  }

  #sequence(): NumberNode {
    const items: NumberNode[] = [];
    for (let next = this.#peek(); next !== '' && !'|)$'.includes(next); next = this.#peek()) {
      items.push(this.#counted(this.#atom(items.length === 0)));
    }
    return { kind: 'sequence', items };
  }

  #atom(isFirst: boolean): NumberNode {
    const character = this.#next();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#set();
      case '.':
        return { kind: 'any' };
      case '\\':
        return this.#escaped();
      case '+':
        if (isFirst) return literal('+');
        return this.#fail('a + stands in front of a number only: write {1,} for one or more, or \\+ for the sign');
      case '?':
      case '*':
      case '{':
        return this.#fail(`a ${character} with nothing before it to count: write \\${character} for the sign`);
      case '^':
        return this.#fail('a ^ stands at the beginning of a pattern, or of [ ], only: remove it');
      case 'd':
        return this.#fail('a d stands for nothing by itself: write \\d for any digit');
      case ',':
      case ']':
      case '}':
        return this.#fail(`a ${character} stands for nothing by itself: remove it`);
      default:
        if (isDigit(character) || character === '#' || character === '-') return literal(character);
        return this.#fail(`${JSON.stringify(character)} is no part of a pattern: use digits, + * # . [ ] ( ) | ? { }`);
    }
  }

  #group(): NumberNode {
    if (this.#peek() === '?')
      this.#fail('a ( with a ? behind it: groups only capture here, remove the ? and what belongs to it');
    if (this.#depth === MAX_DEPTH)
      this.#fail(`groups inside groups, ${String(MAX_DEPTH)} deep and more: write several rules`);
    if (this.groups === MAX_GROUPS) this.#fail(`more than ${String(MAX_GROUPS)} groups: write several rules`);
    const number = (this.groups += 1);
    this.#depth += 1;
    const node = this.#choice();
    this.#depth -= 1;
    if (!this.#take(')')) this.#fail('a ( without its ): add it, or write \\(');
    return { kind: 'group', number, node };
  }

  #escaped(): NumberNode {
    const character = this.#next();
    if (character === 'd') return { kind: 'set', characters: '0123456789', isNegated: false };
    if (character === '' || isDigit(character))
      return this.#fail('a \\ without a sign behind it: write \\d, \\+ or \\*');
    return literal(character);
  }

  #set(): NumberNode {
    const isNegated = this.#take('^');
    let characters = '';
    for (let next = this.#next(); next !== ']'; next = this.#next()) {
      if (next === '') this.#fail('a [ without its ]: add it, or write \\[');
      if (next === '\\') next = this.#next();
      if (next === 'd') characters += '0123456789';
      else if (this.#peek() === '-' && this.#text.charAt(this.#at + 1) !== ']') characters += this.#range(next);
      else characters += next;
    }
    if (characters === '') this.#fail('an empty [ ]: write the characters that may stand there');
    return { kind: 'set', characters, isNegated };
  }

  #range(first: string): string {
    this.#at += 1;
    const last = this.#next();
    if (!isDigit(first) || !isDigit(last) || first > last)
      this.#fail(`the range ${first}-${last}: a range goes from a digit to a higher one, such as 2-9`);
    return '0123456789'.slice(Number(first), Number(last) + 1);
  }

  #counted(node: NumberNode): NumberNode {
    const count = this.#count();
    if (count === undefined) return node;
    if ('?*{'.includes(this.#peek()) && this.#peek() !== '')
      this.#fail(`a second count, ${this.#peek()}, behind the first: put ( ) around what it counts`);
    const isOnce = count.most === 1;
    if (!isOnce && mayBeEmpty(node))
      this.#fail('something that may be empty is counted: write at least one character into it');
    return { kind: 'repeat', node, ...count };
  }

  #count(): { readonly least: number; readonly most: number | undefined } | undefined {
    if (this.#take('?')) return { least: 0, most: 1 };
    if (this.#take('*')) return { least: 0, most: undefined };
    if (!this.#take('{')) return undefined;
    const least = this.#number();
    const most = this.#take(',') ? (this.#peek() === '}' ? undefined : this.#number()) : least;
    if (!this.#take('}')) this.#fail('a { without its }: write {4}, {2,} or {2,11}');
    if (most !== undefined && (most < least || most === 0))
      this.#fail(
        `{${String(least)},${String(most)}}: the second number of a count is not below the first, and above 0`,
      );
    return { least, most };
  }

  #number(): number {
    const start = this.#at;
    while (isDigit(this.#peek())) this.#at += 1;
    const text = this.#text.slice(start, this.#at);
    if (text === '') this.#fail('a { without a number: write {4}, {2,} or {2,11}');
    const value = Number(text);
    if (value > MAX_COUNT)
      this.#fail(`a count of ${text}: allowed at most ${String(MAX_COUNT)}, as long as numbers get`);
    return value;
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    const character = this.#peek();
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(message: string): never {
    throw new PatternFault(message);
  }
}

function literal(character: string): NumberNode {
  return { kind: 'set', characters: character, isNegated: false };
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}

function mayBeEmpty(node: NumberNode): boolean {
  switch (node.kind) {
    case 'any':
    case 'set':
      return false;
    case 'group':
      return mayBeEmpty(node.node);
    case 'repeat':
      return node.least === 0 || mayBeEmpty(node.node);
    case 'sequence':
      return node.items.every(mayBeEmpty);
    case 'choice':
      return node.branches.some(mayBeEmpty);
  }
}
