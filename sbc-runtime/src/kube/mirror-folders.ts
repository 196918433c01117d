/** The folders below a directory of the mirror or of a mounted volume. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** None where the directory is missing. What begins with two dots belongs to whoever writes the volume. */
export function foldersIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('..'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Removes the others. */
export function keepFolders(directory: string, names: ReadonlySet<string>): void {
  for (const name of foldersIn(directory))
    if (!names.has(name)) rmSync(join(directory, name), { recursive: true, force: true });
}
