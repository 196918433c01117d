import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { seedFrom } from './mounted-copy.ts';

function raise(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'sbc-seed-'));
  t.after(() => rmSync(root, { recursive: true }));
  const at = (...parts: string[]) => {
    const path = join(root, ...parts);
    mkdirSync(join(path, '..'), { recursive: true });
    return path;
  };
  const directories = { state: at('to/state'), secrets: at('to/secrets'), trust: at('to/trust') };
  const copy = { state: at('mounted/state'), secrets: at('mounted/secrets') };
  mkdirSync(copy.state);
  return { at, directories, copy };
}

test('a mounted copy and its Secrets become what the mirror would have written; newer Secrets stay', (t) => {
  const { at, directories, copy } = raise(t);
  writeFileSync(join(copy.state, 'routing-state.json.gz'), gzipSync('{"a":1}'));
  // As the kubelet mounts a Secret.
  writeFileSync(at('mounted/secrets/sbc-tls/..1/tls.crt'), 'old');
  symlinkSync('..1', at('mounted/secrets/sbc-tls/..data'));
  symlinkSync('..data/tls.crt', at('mounted/secrets/sbc-tls/tls.crt'));
  writeFileSync(at('mounted/secrets/other/tls.crt'), 'old');
  writeFileSync(at('to/secrets/other/tls.crt'), 'new');
  assert.equal(seedFrom(copy, directories), undefined);
  const read = (path: string) => readFileSync(join(directories.state, '..', path), 'utf8');
  assert.deepEqual(['state/routing-state.json', 'secrets/sbc-tls/tls.crt', 'secrets/other/tls.crt'].map(read), [
    '{"a":1}',
    'old',
    'new',
  ]);
});

test('without a copy, or with one that is none, the reason is told and nothing is written', (t) => {
  const { directories, copy } = raise(t);
  assert.equal(seedFrom({ state: undefined, secrets: undefined }, directories), 'no copy is mounted');
  assert.match(seedFrom(copy, directories) ?? '', /routing-state\.json\.gz: no such file$/);
  writeFileSync(join(copy.state, 'routing-state.json.gz'), 'no gzip');
  assert.match(seedFrom(copy, directories) ?? '', /incorrect header check/);
  writeFileSync(join(copy.state, 'routing-state.json.gz'), gzipSync(Buffer.alloc(17 * 1024 * 1024)));
  assert.match(seedFrom(copy, directories) ?? '', /larger than/);
  assert.equal(existsSync(join(directories.state, 'routing-state.json')), false);
});

test('a Secret that is mounted before it exists is taken up once it is there', (t) => {
  const { at, directories, copy } = raise(t);
  writeFileSync(join(copy.state, 'routing-state.json.gz'), gzipSync('{}'));
  mkdirSync(at('mounted/secrets/sbc-tls'), { recursive: true });
  seedFrom(copy, directories);
  writeFileSync(at('mounted/secrets/sbc-tls/tls.crt'), 'issued');
  seedFrom(copy, directories);
  assert.equal(readFileSync(join(directories.secrets, 'sbc-tls/tls.crt'), 'utf8'), 'issued');
});
