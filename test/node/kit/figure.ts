/** What a test measured: said in its output, and kept as one line of work/node-figures.jsonl. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { repository } from '../../cluster/kit/binaries.ts';

const FILE = join(repository, 'work', 'node-figures.jsonl');

export interface Figure {
  /** In words that stand for themselves: `runtime image upgraded, first pod`. */
  readonly event: string;
  /** What was measured; the unit is the end of its name: `maxGapMs`. */
  readonly [measured: string]: unknown;
}

export function figure(t: Pick<TestContext, 'name' | 'diagnostic'>, measured: Figure): void {
  const rounded = Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, shortened(value)]));
  t.diagnostic(JSON.stringify(rounded));
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify({ at: new Date().toISOString(), test: t.name, ...rounded })}\n`);
}

const shortened = (value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value);
