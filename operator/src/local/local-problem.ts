/** What keeps a directory from running, as one sentence with its place. Pure. */
export interface LocalProblem {
  readonly file?: string;
  readonly line?: number;
  /** `Kind/name`. */
  readonly object?: string;
  readonly field?: string;
  /** `found …, allowed …`, or a sentence with its remedy; no full stop. */
  readonly message: string;
}

/** `file:line: Kind/name field: found …, allowed …` */
export function problemText({ file, line, object, field, message }: LocalProblem): string {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${String(line)}`}: `;
  const subject = [object, field].filter((part) => part !== undefined && part !== '').join(' ');
  return `${place}${subject === '' ? '' : `${subject}: `}${message}`;
}
