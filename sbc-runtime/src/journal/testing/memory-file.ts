/** The file of a journal in memory: it outlives whoever writes it, and fails where a test says so. */
import type { JournalFile, NextJournalFile } from '../journal-file.ts';

export class MemoryFile implements JournalFile {
  text = '';
  /** Times it was written anew. */
  renewals = 0;
  /** Every write fails with it; undefined: it works. */
  failure: Error | undefined;
  /** What begins anew stops before it takes the place of the old one. */
  isStuck = false;

  read(): string {
    return this.text;
  }

  async append(text: string): Promise<void> {
    await this.#works();
    this.text += text;
  }

  async begin(): Promise<NextJournalFile> {
    await this.#works();
    let next = '';
    return {
      append: async (text) => {
        await this.#works();
        next += text;
      },
      finish: async () => {
        await this.#works();
        if (this.isStuck) await new Promise(() => undefined);
        this.text = next;
        this.renewals += 1;
      },
      abandon: () => Promise.resolve(),
    };
  }

  remove(): void {
    this.text = '';
  }

  /** Never within the call, as with a real file. */
  async #works(): Promise<void> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
  }
}
