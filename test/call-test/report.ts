/** What a person reads of it: one line a step, and what to do where one failed. */

/** A step that did not succeed, in words; the rest of the steps make no sense then. */
export class StepFailed extends Error {
  /** What a person can do, one line each. */
  readonly remedies: readonly string[];

  constructor(words: string, ...remedies: readonly string[]) {
    super(words);
    this.remedies = remedies;
  }
}

export class Report {
  readonly #write: (line: string) => void;
  #failures = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  ok(words: string): void {
    this.#write(`ok      ${oneLine(words)}`);
  }

  failed(error: unknown): void {
    this.#failures += 1;
    this.#write(`failed  ${oneLine(error instanceof Error ? error.message : String(error))}`);
    if (error instanceof StepFailed)
      for (const remedy of error.remedies) this.#write(`        remedy: ${oneLine(remedy)}`);
  }

  end(): void {
    this.#write(this.hasFailed ? 'The test has failed' : 'The test has passed: calls work both ways');
  }
}

const MAX_LINE = 1000;

/** Messages of others may have several. */
function oneLine(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim();
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}
