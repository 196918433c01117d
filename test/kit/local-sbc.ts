/** The whole product on this machine: `sbc local DIRECTORY` with real child processes, as a person would start it. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, RunningProcess } from './process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'operator', 'bin', 'sbc.mjs');

/** One line of `sbc local --output json`; the operator's `local-event.ts` has them all. */
export interface LocalEvent {
  readonly event: string;
  readonly pod?: string;
  readonly container?: string;
  readonly pid?: number;
  readonly log?: string;
  readonly adminSocket?: string;
  readonly hash?: string;
  readonly reason?: string;
  readonly problems?: readonly string[];
}

export interface LocalSbcOptions {
  /** Holds the manifests; made by the caller. */
  readonly directory: string;
  /** Where its pods keep their files. Default: below the system's temporary directory. */
  readonly runDirectory?: string;
}

export class LocalSbc {
  readonly process: RunningProcess;
  readonly #options: LocalSbcOptions;

  private constructor(options: LocalSbcOptions) {
    this.#options = options;
    const runDirectory = options.runDirectory === undefined ? [] : [`--run-directory=${options.runDirectory}`];
    this.process = new RunningProcess(
      process.execPath,
      [PROGRAM, 'local', options.directory, '--output', 'json', ...runDirectory],
      {
        name: 'sbc local',
      },
    );
  }

  /** Resolves when RTPEngine and the runtime are ready for calls. */
  static async start(options: LocalSbcOptions): Promise<LocalSbc> {
    const sbc = new LocalSbc(options);
    try {
      await sbc.waitFor((event) => event.event === 'ready' && event.adminSocket !== undefined, 30_000);
      return sbc;
    } catch (error) {
      await sbc.stop();
      throw error;
    }
  }

  /** What it has said so far. */
  get events(): LocalEvent[] {
    return this.process.lines.flatMap((line) => eventOf(line) ?? []);
  }

  /** The first event, also an earlier one, that fits. */
  async waitFor(wanted: (event: LocalEvent) => boolean, withinMs = 10_000): Promise<LocalEvent> {
    const line = await this.process.waitForLine((each) => {
      const event = eventOf(each);
      return event !== undefined && wanted(event);
    }, withinMs);
    return eventOf(line) ?? { event: 'none' };
  }

  /** Replaces a manifest as an editor does: complete, or not at all. */
  write(file: string, text: string): void {
    writeManifest(this.#options.directory, file, text);
  }

  /** What a person would ask: `status`, `calls`, `ladder`. */
  async ask(command: 'status' | 'calls' | 'ladder', ...rest: readonly string[]): Promise<string> {
    const runDirectory =
      this.#options.runDirectory === undefined ? [] : [`--run-directory=${this.#options.runDirectory}`];
    return run(process.execPath, [PROGRAM, command, this.#options.directory, ...rest, ...runDirectory], {
      name: `sbc ${command}`,
    });
  }

  /** Drains, waits for the pods' end. */
  async stop(): Promise<number | string> {
    return this.process.end(20_000);
  }
}

export function writeManifest(directory: string, file: string, text: string): void {
  const path = join(directory, file);
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function eventOf(line: string): LocalEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LocalEvent;
  } catch {
    return undefined;
  }
}
