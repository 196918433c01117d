import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { systemClock } from '../kernel/system-clock.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { DocumentWatch } from './document-watch.ts';

test('looks again every ten seconds, whatever the file system tells', () => {
  const clock = new VirtualClock();
  let looks = 0;
  const watch = new DocumentWatch({ clock, log: silentLog, onMayHaveChanged: () => (looks += 1) });
  watch.start([]);
  clock.advance(30_000);
  assert.equal(looks, 3);
  watch.close();
  assert.equal(clock.pending, 0);
});

test('a folder that cannot be watched is no reason to stop', () => {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
  const watch = new DocumentWatch({ clock, log, onMayHaveChanged: () => undefined });
  watch.start([join(tmpdir(), 'no-such-folder-here')]);
  watch.close();
  assert.deepEqual(warnings, ['A folder cannot be watched; changes are found by polling']);
});

test("sees the kubelet's swap of ..data at once", { timeout: 5000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sbc-watch-'));
  const clock = systemClock({ onError: (error) => assert.fail(String(error)) });
  const seen = Promise.withResolvers<undefined>();
  const watch = new DocumentWatch({ clock, log: silentLog, onMayHaveChanged: () => seen.resolve(undefined) });
  watch.start([folder]);
  try {
    symlinkSync('..2026_11_23', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    await seen.promise;
  } finally {
    watch.close();
    rmSync(folder, { recursive: true });
  }
});
