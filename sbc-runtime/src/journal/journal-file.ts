/** The file of a journal, as a dependency; the real one stands in a folder of memory and is nobody else's to read. */
import { constants, readFileSync, rmSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

export interface JournalFile {
  /** Everything in it; empty where there is none. Throws where it cannot be read. */
  read(): string;
  /** Behind what stands in it. One at a time. */
  append(text: string): Promise<void>;
  /** Begins another file beside it, of which nobody knows before `finish` has put it in the place of this one. */
  begin(): Promise<NextJournalFile>;
  /** There is none from now on. */
  remove(): void;
}

export interface NextJournalFile {
  append(text: string): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

const FILE = 'calls';
const NEXT_FILE = 'calls.next';
const OWNER_ONLY = 0o600;

export function fileIn(directory: string): JournalFile {
  return new DirectoryFile(directory);
}

class DirectoryFile implements JournalFile {
  readonly #path: string;
  readonly #nextPath: string;
  #handle: FileHandle | undefined;

  constructor(directory: string) {
    this.#path = join(directory, FILE);
    this.#nextPath = join(directory, NEXT_FILE);
  }

  read(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
      throw error;
    }
  }

  async append(text: string): Promise<void> {
    this.#handle ??= await open(this.#path, 'a', OWNER_ONLY);
    await this.#handle.appendFile(text);
  }

  async begin(): Promise<NextJournalFile> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const handle = await open(this.#nextPath, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, OWNER_ONLY);
    return {
      append: (text) => handle.appendFile(text),
      finish: async () => {
        await rename(this.#nextPath, this.#path);
        const before = this.#handle;
        this.#handle = handle;
        await before?.close();
      },
      abandon: () => handle.close(),
    };
  }

  remove(): void {
    const before = this.#handle;
    this.#handle = undefined;
    void before?.close().catch(() => undefined);
    try {
      rmSync(this.#path, { force: true });
    } finally {
      rmSync(this.#nextPath, { force: true });
    }
  }
}
