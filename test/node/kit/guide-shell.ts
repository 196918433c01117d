/** The bash of somebody who follows the guide: one for all pages, in a folder that looks like a clone of the release. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binaryDirectory, repository } from '../../cluster/kit/binaries.ts';
import { RunningProcess } from '../../kit/process.ts';

export interface Answer {
  readonly code: number;
  readonly stdout: string;
  /** stdout and stderr, for whom it did not work. */
  readonly all: string;
}

/** What it needs of a clone. */
const CLONED = ['charts', 'config'] as const;
/** Longer than any wait that the guide asks for. */
const WITHIN_MS = 900_000;

export class GuideShell {
  readonly folder: string;
  readonly #bash: RunningProcess;
  #commands = 0;

  /** @param kubeconfig Of the cluster's admin; commands may write into their copy of it */
  constructor(directory: string, kubeconfig: string) {
    this.folder = join(directory, 'clone');
    mkdirSync(this.folder, { recursive: true });
    for (const name of CLONED) symlinkSync(join(repository, name), join(this.folder, name));
    copyFileSync(kubeconfig, join(directory, 'kubeconfig'));
    // A file for each command: what a command asks of its input is not the next command.
    const loop = 'while read -r at; do . "$at" < /dev/null > "$at.out" 2> "$at.err"; echo "$at ended with $?"; done';
    this.#bash = new RunningProcess('bash', ['--noprofile', '--norc', '-c', loop], {
      cwd: this.folder,
      env: {
        PATH: `${binaryDirectory()}:${process.env['PATH'] ?? ''}`,
        HOME: directory,
        KUBECONFIG: join(directory, 'kubeconfig'),
      },
    });
  }

  /** As a person saves it with an editor. */
  save(name: string, text: string): void {
    writeFileSync(join(this.folder, name), `${text}\n`);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** Variables and functions of earlier commands are there. */
  async run(command: string): Promise<Answer> {
    const at = join(this.folder, '..', `command-${++this.#commands}`);
    writeFileSync(at, `${command}\n`);
    const ended = this.#bash.waitForLine((line) => line.startsWith(`${at} ended with `), WITHIN_MS);
    this.#bash.write(`${at}\n`);
    const code = Number((await ended).split(' ').at(-1));
    const [stdout, stderr] = ['out', 'err'].map((name) => readFileSync(`${at}.${name}`, 'utf8'));
    return { code, stdout: stdout ?? '', all: `${stdout ?? ''}${stderr ?? ''}` };
  }

  /** @throws Error where it does not end with 0 */
  async succeed(command: string): Promise<string> {
    const { code, stdout, all } = await this.run(command);
    if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${all}`);
    return stdout;
  }

  async end(): Promise<void> {
    await this.#bash.end();
  }
}
