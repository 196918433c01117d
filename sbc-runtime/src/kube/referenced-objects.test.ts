import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { ReferencedObjects } from './referenced-objects.ts';
import { FakeApi } from './testing/fake-api.ts';
import { keyOf, type WantedObject } from './wanted-objects.ts';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function logins(first: number, last: number): ReadonlyMap<string, WantedObject> {
  const wanted: WantedObject[] = [];
  for (let number = first; number <= last; number++)
    wanted.push({ kind: 'Secret', name: `login-${String(number)}`, isSecretFolder: true, bundles: [] });
  return new Map(wanted.map((each) => [keyOf(each), each]));
}

test('a login that was asked for every five minutes is watched once there is room', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sbc-referenced-'));
  const directories = { secrets: join(root, 'secrets'), trust: join(root, 'trust') };
  const api = new FakeApi();
  let written = 0;
  const objects = new ReferencedObjects({
    ...{ api, directories, namespace: 'voice', clock: new VirtualClock(), log: silentLog },
    random: { token: () => '', below: () => 0 },
    onWritten: () => (written += 1),
  });
  t.after(() => {
    objects.close();
    rmSync(root, { recursive: true });
  });
  for (let number = 0; number < 40; number++)
    api.put({ kind: 'Secret', name: `login-${String(number)}` }, { password: 'one' });
  const change = async () => {
    const before = written;
    api.put({ kind: 'Secret', name: 'login-39' }, { password: String(before) });
    await settle();
    return written - before;
  };
  const take = async (wanted: ReadonlyMap<string, WantedObject>) => {
    await objects.want(wanted);
    objects.keepOnly(wanted);
    await settle();
  };
  await take(logins(0, 39));
  assert.deepEqual([api.watches.size, await change()], [32, 0]);
  // What the document before named is kept for one more.
  await take(logins(20, 39));
  await take(logins(20, 39));
  assert.deepEqual([api.watches.size, await change()], [20, 1]);
});
