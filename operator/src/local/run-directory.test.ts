import assert from 'node:assert/strict';
import { chmodSync, chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LocalError } from './local-error.ts';
import { makeRunDirectory } from './run-directory.ts';

const base = mkdtempSync(join(tmpdir(), 'run-directory-'));
after(() => rmSync(base, { recursive: true }));
const userId = process.getuid?.() ?? 0;
/** Only root can give a folder away. */
const asRoot = { skip: userId !== 0 && 'needs root' };
const nobody = 65_534;

function folder(name: string, mode: number, owner = userId): string {
  const path = join(base, name);
  mkdirSync(path);
  chmodSync(path, mode);
  if (owner !== userId) chownSync(path, owner, owner);
  return path;
}

const refuses = (path: string, words: RegExp): Promise<void> =>
  assert.rejects(makeRunDirectory(path, userId), (error) => error instanceof LocalError && words.test(error.message));

test('makes every folder that is missing for its user alone', async () => {
  const above = folder('missing', 0o755);
  await makeRunDirectory(join(above, 'a/b'), userId);
  assert.deepEqual(
    ['a', 'a/b'].map((name) => statSync(join(above, name)).mode & 0o7777),
    [0o700, 0o700],
  );
});

test('takes a folder that others may read: what it makes inside is closed', async () => {
  const path = folder('readable', 0o755);
  await makeRunDirectory(path, userId);
  assert.equal(statSync(path).mode & 0o7777, 0o755);
});

test('refuses a folder that others may write into', async () => {
  for (const mode of [0o777, 0o770, 0o707, 0o1777]) {
    await refuses(folder(`open-${mode.toString(8)}`, mode), /other users may write into it/);
  }
});

test('refuses a folder below one that others may write into, unless it is sticky and belongs to root', async () => {
  await refuses(join(folder('above-open', 0o777), 'run'), /above-open: other users may write into it/);
  await refuses(join(folder('above-group', 0o775), 'a/b/run'), /above-group: other users may write into it/);
});

test('takes a place below a sticky folder of root', asRoot, async () => {
  await makeRunDirectory(join(folder('sticky', 0o1777), 'run'), userId);
});

test('refuses a place below a sticky folder of somebody else', asRoot, async () => {
  await refuses(join(folder('sticky-nobody', 0o1777, nobody), 'run'), /sticky-nobody: it belongs to another user/);
});

test('refuses a folder of somebody else, and one below it', asRoot, async () => {
  const path = folder('nobody', 0o700, nobody);
  await refuses(path, /nobody: it belongs to another user/);
  await refuses(join(path, 'run'), /nobody: it belongs to another user/);
});

test('refuses a link of somebody else, whatever it leads to; takes one of its own', asRoot, async () => {
  const target = folder('target', 0o700);
  symlinkSync(target, join(base, 'own-link'));
  await makeRunDirectory(join(base, 'own-link'), userId);
  symlinkSync(target, join(base, 'foreign-link'));
  lchownSync(join(base, 'foreign-link'), nobody, nobody);
  await refuses(join(base, 'foreign-link'), /foreign-link: it belongs to another user/);
});

test('looks at what a link leads to', async () => {
  symlinkSync(folder('open-target', 0o777), join(base, 'link'));
  await refuses(join(base, 'link'), /open-target: other users may write into it/);
});
