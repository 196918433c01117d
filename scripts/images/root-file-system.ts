/** The files of a layer while it is put together: a folder of ours. What the machine's umask or clock says leaves no trace. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export class RootFileSystem {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    this.directory('/');
  }

  directory(path: string, mode = 0o755): void {
    const at = join(this.folder, path);
    if (!existsSync(at)) {
      if (path !== '/') this.directory(dirname(path));
      mkdirSync(at);
      chmodSync(at, mode);
    }
  }

  text(path: string, content: string, mode = 0o644): void {
    this.directory(dirname(path));
    writeFileSync(join(this.folder, path), content);
    chmodSync(join(this.folder, path), mode);
  }

  copy(path: string, source: string, mode = 0o644): void {
    this.directory(dirname(path));
    copyFileSync(source, join(this.folder, path));
    chmodSync(join(this.folder, path), mode);
  }

  link(path: string, target: string): void {
    this.directory(dirname(path));
    symlinkSync(target, join(this.folder, path));
  }

  /** Writes `version` into the package.json of a copied workspace. */
  version(path: string, version: string): void {
    const content = JSON.parse(readFileSync(join(this.folder, path), 'utf8')) as object;
    this.text(path, `${JSON.stringify({ ...content, version }, null, 2)}\n`);
  }
}
