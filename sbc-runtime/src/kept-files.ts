/** Logins or trust bundles of which nothing but what they held last goes on: told in the log, one line a change. */
import type { Log } from './kernel/log.ts';
import type { KeptFiles } from './settings/document-files.ts';

export class KeptFilesTeller {
  readonly #log: Log;
  readonly #what: 'login' | 'trust bundle';
  #told: readonly KeptFiles[] = [];

  constructor(log: Log, what: 'login' | 'trust bundle') {
    this.#log = log;
    this.#what = what;
  }

  /** All of them, at each look. */
  tell(kept: readonly KeptFiles[]): void {
    const [before, now] = [namesIn(this.#told), namesIn(kept)];
    this.#told = kept;
    for (const { name, problem } of kept)
      if (before.get(name) !== problem)
        this.#log.warn(`A ${this.#what} cannot be used; what it held last stays in force`, { name, problem });
    for (const name of before.keys())
      if (!now.has(name)) this.#log.info(`What a ${this.#what} holds is in force again`, { name });
  }
}

const namesIn = (kept: readonly KeptFiles[]) => new Map(kept.map(({ name, problem }) => [name, problem]));
