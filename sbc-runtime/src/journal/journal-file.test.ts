import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileIn } from './journal-file.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'journal-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('what was appended is read by the next process, and only its owner may read it', async (t) => {
  const directory = folder(t);
  const file = fileIn(directory);
  assert.equal(file.read(), '');
  await file.append('one\n');
  await file.append('…\n');
  assert.equal(fileIn(directory).read(), 'one\n…\n');
  assert.equal(statSync(join(directory, 'calls')).mode & 0o777, 0o600);
});

test('a new file takes the place of the old one when it is finished, and is appended to from then on', async (t) => {
  const directory = folder(t);
  const file = fileIn(directory);
  await file.append('old\n');
  const abandoned = await file.begin();
  await abandoned.append('never, and longer than all that follows\n');
  await abandoned.abandon();
  const next = await file.begin();
  await next.append('new\n');
  assert.equal(fileIn(directory).read(), 'old\n');
  await next.finish();
  await file.append('more\n');
  assert.equal(readFileSync(join(directory, 'calls'), 'utf8'), 'new\nmore\n');
  assert.equal(statSync(join(directory, 'calls')).mode & 0o777, 0o600);
});

test('a link in the place of the new file is not followed', async (t) => {
  const directory = folder(t);
  const elsewhere = join(directory, 'elsewhere');
  writeFileSync(elsewhere, 'not ours\n');
  symlinkSync(elsewhere, join(directory, 'calls.next'));
  await assert.rejects(fileIn(directory).begin(), { code: 'ELOOP' });
  assert.equal(readFileSync(elsewhere, 'utf8'), 'not ours\n');
});

test('one that is removed leaves nothing, and can be written again', async (t) => {
  const directory = folder(t);
  const file = fileIn(directory);
  await file.append('old\n');
  await file.begin();
  file.remove();
  assert.deepEqual(readdirSync(directory), []);
  await file.append('again\n');
  assert.equal(file.read(), 'again\n');
});

test('where the file cannot be removed, the one beside it is', async (t) => {
  const directory = folder(t);
  await fileIn(directory).begin();
  mkdirSync(join(directory, 'calls'));
  assert.throws(() => fileIn(directory).remove());
  assert.deepEqual(readdirSync(directory), ['calls']);
});

test('a folder that cannot be read is told', (t) => {
  assert.throws(() => fileIn(join(folder(t), 'nowhere', '\0')).read());
});
