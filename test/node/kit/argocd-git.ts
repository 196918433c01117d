/** A Git repository on this machine with one folder of manifests, as somebody keeps them for Argo CD. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../kit/process.ts';

/** Name of the file to what stands in it. */
export type Manifests = Readonly<Record<string, readonly unknown[]>>;

const BRANCH = 'main';
const FOLDER = 'voice';

export class ManifestsInGit {
  /** As the `source` of an Application has it. */
  readonly source: { readonly repoURL: string; readonly targetRevision: string; readonly path: string };
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.source = { repoURL: `file://${directory}`, targetRevision: BRANCH, path: FOLDER };
  }

  static async create(directory: string): Promise<ManifestsInGit> {
    mkdirSync(directory, { recursive: true });
    const repository = new ManifestsInGit(directory);
    await repository.#git('init', '--quiet', `--initial-branch=${BRANCH}`);
    return repository;
  }

  /** All that stands in the folder from now on. @returns the revision */
  async commit(message: string, manifests: Manifests): Promise<string> {
    const folder = join(this.#directory, FOLDER);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const [name, objects] of Object.entries(manifests))
      writeFileSync(join(folder, name), objects.map((each) => JSON.stringify(each, undefined, 2)).join('\n---\n'));
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', `--message=${message}`);
    return (await this.#git('rev-parse', 'HEAD')).trim();
  }

  #git(...args: string[]): Promise<string> {
    const author = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.com', '-c', 'commit.gpgsign=false'];
    return run('git', ['-C', this.#directory, ...author, ...args]);
  }
}
