import assert from 'node:assert/strict';
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeVolume } from './atomic-writer.ts';
import type { VolumeFile } from './atomic-writer.ts';

let base = '';
before(async () => void (base = await mkdtemp(join(tmpdir(), 'teams-sbc-volume-'))));
after(() => rm(base, { recursive: true }));

const file = (name: string, text: string, mode = 0o400): VolumeFile => ({ name, content: Buffer.from(text), mode });

test('a file is reached through ..data and has the mode it was given', async () => {
  const volume = join(base, 'modes');
  assert.equal(await writeVolume(volume, [file('tls.key', 'secret')]), true);
  assert.equal(await readFile(join(volume, 'tls.key'), 'utf8'), 'secret');
  assert.equal(await readlink(join(volume, 'tls.key')), '..data/tls.key');
  const version = await readlink(join(volume, '..data'));
  assert.equal((await lstat(join(volume, version, 'tls.key'))).mode & 0o777, 0o400);
});

test('the same content is not written again', async () => {
  const volume = join(base, 'same');
  await writeVolume(volume, [file('a', '1')]);
  const version = await readlink(join(volume, '..data'));
  assert.equal(await writeVolume(volume, [file('a', '1')]), false);
  assert.equal(await readlink(join(volume, '..data')), version);
});

test('a change swaps the whole version and removes the old one', async () => {
  const volume = join(base, 'swap');
  await writeVolume(volume, [file('tls.crt', 'old'), file('tls.key', 'old')]);
  const before = await readlink(join(volume, '..data'));
  await writeVolume(volume, [file('tls.crt', 'new'), file('tls.key', 'new')]);
  assert.notEqual(await readlink(join(volume, '..data')), before);
  assert.equal(await readFile(join(volume, 'tls.crt'), 'utf8'), 'new');
  assert.deepEqual(
    (await readdir(volume)).sort(),
    ['..data', await readlink(join(volume, '..data')), 'tls.crt', 'tls.key'].sort(),
  );
});

test('a file that is gone from the volume is gone from the directory', async () => {
  const volume = join(base, 'gone');
  await writeVolume(volume, [file('a', '1'), file('b', '2')]);
  await writeVolume(volume, [file('b', '2')]);
  assert.deepEqual(
    (await readdir(volume)).filter((name) => !name.startsWith('..')),
    ['b'],
  );
});
