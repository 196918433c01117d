/**
 * A number pattern as a program for all of its readings at once (Thompson 1968, Pike's captures): every step is tried at
 * most once for each character, so that no number and no pattern makes it slow. Pure.
 */

/** A pattern as it was read. */
export type NumberNode =
  | { readonly kind: 'any' }
  | { readonly kind: 'set'; readonly characters: string; readonly isNegated: boolean }
  | { readonly kind: 'sequence'; readonly items: readonly NumberNode[] }
  | { readonly kind: 'choice'; readonly branches: readonly NumberNode[] }
  | { readonly kind: 'group'; readonly number: number; readonly node: NumberNode }
  | {
      readonly kind: 'repeat';
      readonly node: NumberNode;
      readonly least: number;
      /** Undefined: as many as there are. */
      readonly most: number | undefined;
    };

type Step =
  | { readonly kind: 'take'; readonly characters: string | undefined; readonly isNegated: boolean }
  /** Both ways; the first is preferred. */
  | { kind: 'fork'; first: number; second: number }
  | { kind: 'jump'; to: number }
  | { readonly kind: 'save'; readonly slot: number }
  | { readonly kind: 'done' };

export interface NumberProgram {
  readonly steps: readonly Step[];
  /** Every number that fits begins with one of them; `''` where nothing can be said. */
  readonly prefixes: readonly string[];
}

/** Longer ones fit nothing: E.164 has 15 digits, and what PBXs put around them is not much. */
const MAX_NUMBER_LENGTH = 64;

/** Steps that `compileNumberProgram` would write, without writing them. */
export function programSize(node: NumberNode): number {
  switch (node.kind) {
    case 'any':
    case 'set':
      return 1;
    case 'sequence':
      return sum(node.items);
    case 'choice':
      return sum(node.branches) + 2 * (node.branches.length - 1);
    case 'group':
      return programSize(node.node) + 2;
    case 'repeat': {
      const each = programSize(node.node);
      if (node.most === undefined) return node.least * each + each + 2;
      return node.most * each + (node.most - node.least);
    }
  }
}

function sum(nodes: readonly NumberNode[]): number {
  return nodes.reduce((total, node) => total + programSize(node), 0);
}

export function compileNumberProgram(node: NumberNode): NumberProgram {
  const steps: Step[] = [];
  write(steps, node);
  steps.push({ kind: 'done' });
  return { steps, prefixes: literalPrefixes(steps) };
}

function write(steps: Step[], node: NumberNode): void {
  switch (node.kind) {
    case 'any':
      steps.push({ kind: 'take', characters: undefined, isNegated: false });
      return;
    case 'set':
      steps.push({ kind: 'take', characters: node.characters, isNegated: node.isNegated });
      return;
    case 'sequence':
      for (const item of node.items) write(steps, item);
      return;
    case 'choice':
      return writeChoice(steps, node.branches);
    case 'group':
      steps.push({ kind: 'save', slot: 2 * node.number });
      write(steps, node.node);
      steps.push({ kind: 'save', slot: 2 * node.number + 1 });
      return;
    case 'repeat':
      return writeRepeat(steps, node);
  }
}

function writeChoice(steps: Step[], branches: readonly NumberNode[]): void {
  const ends: { kind: 'jump'; to: number }[] = [];
  for (const [at, branch] of branches.entries()) {
    if (at === branches.length - 1) {
      write(steps, branch);
      continue;
    }
    const fork = { kind: 'fork' as const, first: steps.length + 1, second: 0 };
    steps.push(fork);
    write(steps, branch);
    const end = { kind: 'jump' as const, to: 0 };
    steps.push(end);
    ends.push(end);
    fork.second = steps.length;
  }
  for (const end of ends) end.to = steps.length;
}

function writeRepeat(steps: Step[], { node, least, most }: Extract<NumberNode, { kind: 'repeat' }>): void {
  for (let times = 0; times < least; times++) write(steps, node);
  const forks: { kind: 'fork'; first: number; second: number }[] = [];
  const fork = (): void => {
    const step = { kind: 'fork' as const, first: steps.length + 1, second: 0 };
    steps.push(step);
    forks.push(step);
  };
  if (most === undefined) {
    const start = steps.length;
    fork();
    write(steps, node);
    steps.push({ kind: 'jump', to: start });
  } else {
    for (let times = least; times < most; times++) {
      fork();
      write(steps, node);
    }
  }
  for (const step of forks) step.second = steps.length;
}

const MAX_PREFIXES = 16;
const MAX_PREFIX_LENGTH = 24;
/** Steps that are looked at for them; a pattern that needs more has too many beginnings to be worth it. */
const PREFIX_BUDGET = 2048;

function literalPrefixes(steps: readonly Step[]): readonly string[] {
  const found = new Set<string>();
  const open = [{ at: 0, prefix: '' }];
  let looks = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (++looks > PREFIX_BUDGET || found.size > MAX_PREFIXES) return [''];
    const { at, prefix } = next;
    const step = steps[at];
    if (step?.kind === 'jump') open.push({ at: step.to, prefix });
    else if (step?.kind === 'fork') open.push({ at: step.second, prefix }, { at: step.first, prefix });
    else if (step?.kind === 'save') open.push({ at: at + 1, prefix });
    else if (step?.kind === 'take' && isLiteral(step) && prefix.length < MAX_PREFIX_LENGTH)
      open.push({ at: at + 1, prefix: prefix + (step.characters ?? '') });
    else found.add(prefix);
  }
  return [...found];
}

function isLiteral({ characters, isNegated }: Extract<Step, { kind: 'take' }>): boolean {
  return !isNegated && characters?.length === 1;
}

/** One reading: the step that it waits at, and where its groups began and ended. */
interface Reading {
  readonly at: number;
  readonly saved: readonly number[];
}

/** @param groups how many to report; 0: only whether it fits. Undefined: it does not. */
export function runNumberProgram(
  program: NumberProgram,
  number: string,
  groups: number,
): readonly string[] | undefined {
  const { steps, prefixes } = program;
  if (number.length > MAX_NUMBER_LENGTH || !prefixes.some((prefix) => number.startsWith(prefix))) return undefined;
  const seen = new Int32Array(steps.length).fill(-1);
  let readings: Reading[] = [];
  const follow = (start: number, position: number, saved: readonly number[]): void => {
    const open: Reading[] = [{ at: start, saved }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen[next.at] === position) continue;
      seen[next.at] = position;
      const step = steps[next.at];
      if (step?.kind === 'jump') open.push({ at: step.to, saved: next.saved });
      else if (step?.kind === 'fork')
        open.push({ at: step.second, saved: next.saved }, { at: step.first, saved: next.saved });
      else if (step?.kind === 'save')
        open.push({ at: next.at + 1, saved: groups === 0 ? next.saved : next.saved.with(step.slot, position) });
      else readings.push(next);
    }
  };
  follow(0, 0, new Array<number>(2 * (groups + 1)).fill(-1));
  for (let position = 0; position < number.length && readings.length > 0; position++) {
    const before = readings;
    readings = [];
    for (const { at, saved } of before) {
      const step = steps[at];
      if (step?.kind === 'take' && takes(step, number.charAt(position))) follow(at + 1, position + 1, saved);
    }
  }
  const whole = readings.find(({ at }) => steps[at]?.kind === 'done');
  return whole && [number, ...capturedBy(whole.saved, number)];
}

function takes({ characters, isNegated }: Extract<Step, { kind: 'take' }>, character: string): boolean {
  return characters === undefined || characters.includes(character) !== isNegated;
}

function capturedBy(saved: readonly number[], number: string): string[] {
  const groups: string[] = [];
  for (let at = 2; at < saved.length; at += 2) {
    const [start = -1, end = -1] = [saved[at], saved[at + 1]];
    groups.push(start < 0 || end < start ? '' : number.slice(start, end));
  }
  return groups;
}
