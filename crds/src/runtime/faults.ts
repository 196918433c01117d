/** Faults of a document as `cross-check.ts` tells them. */
import { formatPath, type Problem } from '../problem.ts';

export type Path = readonly (string | number)[];

interface Entry {
  readonly text: string;
  readonly path: Path;
}

export function entry(text: string, path: Path): Entry {
  return { text, path };
}

/** One for each text that stands a second time. */
export function twins(entries: readonly Entry[]): Problem[] {
  const first = new Map<string, Path>();
  const problems: Problem[] = [];
  for (const { text, path } of entries) {
    const other = first.get(text);
    if (other === undefined) first.set(text, path);
    else problems.push(fault(path, `different from ${formatPath(other)}`, text));
  }
  return problems;
}

export function fault(path: Path, allowed: string, found: string): Problem {
  const where = formatPath(path);
  return { path: where, message: `${where}: must be ${allowed} (found ${found})`, found, allowed };
}
