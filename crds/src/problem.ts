/** What is wrong with a document, in words that a person can act on. Both contracts speak of their faults in this shape. */
export interface Problem {
  /** Where: `spec.listeners[0].port`; empty for the document as a whole. */
  readonly path: string;
  /** A whole sentence for a log line or a condition: path, what is allowed, what was found. */
  readonly message: string;
  /** What stands there now, shortened; `nothing` where the field is missing. */
  readonly found: string;
  /** What may stand there. */
  readonly allowed: string;
}

/** More problems than these are counted, not listed: a status condition has a limit of its own. */
export const maxProblems = 32;

/** @param where keys from the outside in, as zod gives them. */
export function formatPath(where: readonly PropertyKey[]): string {
  let path = '';
  for (const key of where) {
    if (typeof key === 'number') path += `[${String(key)}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}

export function problem(path: string, allowed: string, found: string): Problem {
  const sentence = `must be ${allowed} (found ${found})`;
  return { path, message: path === '' ? sentence : `${path}: ${sentence}`, found, allowed };
}

/** Keeps the first `maxProblems` and says how many more there are. */
export function atMost(problems: readonly Problem[]): Problem[] {
  if (problems.length <= maxProblems) return [...problems];
  const more = `${String(problems.length - maxProblems)} more problems`;
  return [
    ...problems.slice(0, maxProblems),
    { path: '', message: `${more} are not listed`, found: more, allowed: 'a document without problems' },
  ];
}

/** Shallow on purpose: a hostile document may be a million levels deep. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'nothing (null)';
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}…` : value);
  if (Array.isArray(value))
    return value.length === 1 ? 'a list of one entry' : `a list of ${String(value.length)} entries`;
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : typeof value;
}
