import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeMirrored } from './mirrored-volume.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sbc-mirror-'));
  t.after(() => rmSync(path, { recursive: true }));
  return join(path, 'secret');
}

const files = (entries: Record<string, string>) =>
  new Map(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)]));

test('all files change together, and old ones go', (t) => {
  const path = folder(t);
  assert.equal(writeMirrored(path, files({ 'tls.crt': 'a', 'tls.key': 'b', realm: 'c' })), true);
  assert.equal(writeMirrored(path, files({ 'tls.crt': 'd', 'tls.key': 'e' })), true);
  assert.deepEqual([readFileSync(join(path, 'tls.crt'), 'utf8'), existsSync(join(path, 'realm'))], ['d', false]);
  assert.deepEqual(readdirSync(path).sort(), ['..2', '..data', 'tls.crt', 'tls.key']);
});

test('the same content is not written again', (t) => {
  const path = folder(t);
  writeMirrored(path, files({ 'tls.crt': 'a' }));
  assert.equal(writeMirrored(path, files({ 'tls.crt': 'a' })), false);
});

test('nobody but the owner may read', (t) => {
  const path = folder(t);
  writeMirrored(path, files({ 'tls.key': 'a' }));
  const mode = (of: string) => statSync(of).mode & 0o777;
  assert.deepEqual([mode(path), mode(join(path, '..data')), mode(join(path, 'tls.key'))], [0o700, 0o700, 0o600]);
});

test('what a writer that died half-way has left is cleared away', (t) => {
  const path = folder(t);
  mkdirSync(join(path, '..9'), { recursive: true });
  writeFileSync(join(path, '..data_tmp'), '');
  writeMirrored(path, files({ 'tls.key': 'a' }));
  assert.deepEqual(readdirSync(path).sort(), ['..10', '..data', 'tls.key']);
});
