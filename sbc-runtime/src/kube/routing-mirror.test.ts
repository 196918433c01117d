import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  canonicalJson,
  indexKey,
  shardKey,
  splitRoutingState,
  type RoutingIndex,
  type RoutingState,
} from '@teams-sbc/crds/runtime';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { RoutingMirror, type RefusedIndex } from './routing-mirror.ts';
import { FakeApi } from './testing/fake-api.ts';

const away = { kind: 'unreachable', reason: 'connect ECONNREFUSED' } as const;
const secret = (name: string) => ({ kind: 'Secret', name }) as const;

/** As much of a document as a mirror looks at. */
function stateOf(mark: number, secrets: readonly string[] = ['sbc-tls']): RoutingState {
  const certificates = secrets.map((name) => ({ name, secret: name }));
  const trunks = [{ kind: 'PbxTrunk', name: 'pbx' }];
  return { instance: { namespace: 'voice', name: 'sbc' }, mark, certificates, trunks } as unknown as RoutingState;
}

function raise(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'sbc-mirror-'));
  const directories = { state: join(root, 'state'), secrets: join(root, 'secrets'), trust: join(root, 'trust') };
  const clock = new VirtualClock();
  const api = new FakeApi();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => warnings.push(message) };
  const random = { token: () => '', below: () => 0 };
  const mirror = new RoutingMirror({ api, clock, random, log, namespace: 'voice', instance: 'sbc', directories });
  const refusals: (RefusedIndex | undefined)[] = [];
  mirror.tellRefusals((refused) => refusals.push(refused));
  t.after(() => {
    mirror.close();
    rmSync(root, { recursive: true });
  });
  const publishShards = (state: RoutingState, spoil = '') => {
    const { index, shards } = splitRoutingState(state);
    for (const { name, text } of shards) api.put({ kind: 'ConfigMap', name }, { [shardKey]: text + spoil });
    return index;
  };
  const flip = (index: RoutingIndex) =>
    api.put({ kind: 'ConfigMap', name: 'sbc-routing' }, { [indexKey]: JSON.stringify(index) });
  const document = () => {
    const path = join(directories.state, 'routing-state.json');
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const certificate = (name = 'sbc-tls') => {
    const path = join(directories.secrets, name, 'tls.crt');
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  return { clock, api, mirror, refusals, warnings, publishShards, flip, document, certificate };
}

/** What is asked in memory is answered within the turn. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** From now on shards are answered once the answer is released. */
function holdShards(api: FakeApi): () => void {
  const get = api.get.bind(api);
  const gate = Promise.withResolvers<undefined>();
  api.get = async (path) => {
    if (!path.includes('?')) await gate.promise;
    return get(path);
  };
  return () => gate.resolve(undefined);
}

describe('The mirror', () => {
  it('writes what the index stands for, after the Secrets that it names', async (t) => {
    const { api, mirror, publishShards, flip, document, certificate } = raise(t);
    api.put(secret('sbc-tls'), { 'tls.crt': 'one' });
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    assert.equal(document(), canonicalJson(stateOf(1)));
    assert.equal(certificate(), 'one');
    flip(publishShards(stateOf(2)));
    await settle();
    assert.equal(document(), canonicalJson(stateOf(2)));
  });

  it('reads only the shards that are new', async (t) => {
    const { api, mirror, publishShards, flip } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    api.asked.length = 0;
    flip(publishShards(stateOf(2)));
    await settle();
    assert.equal(api.asked.length, 1, api.asked.join('\n'));
  });

  it('waits three seconds for a Secret that a new document names, and then goes on without it', async (t) => {
    const { clock, api, mirror, publishShards, flip, document, certificate } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    flip(publishShards(stateOf(2, ['sbc-tls', 'late'])));
    await settle();
    assert.equal(document(), canonicalJson(stateOf(1)));
    api.put(secret('late'), { 'tls.crt': 'two' });
    await settle();
    assert.deepEqual([document(), certificate('late')], [canonicalJson(stateOf(2, ['sbc-tls', 'late'])), 'two']);
    flip(publishShards(stateOf(3, ['never'])));
    await settle();
    clock.advance(3000);
    await settle();
    assert.equal(document(), canonicalJson(stateOf(3, ['never'])));
  });

  it('refuses a shard that is not what the index says, asks again, and takes it once it is', async (t) => {
    const { clock, api, mirror, refusals, publishShards, flip, document } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    const index = publishShards(stateOf(2), ' ');
    flip(index);
    await settle();
    assert.deepEqual([refusals.length, refusals[0]?.hash, document()], [1, index.hash, canonicalJson(stateOf(1))]);
    publishShards(stateOf(2));
    clock.advance(60_000);
    await settle();
    assert.deepEqual([refusals.at(-1), document()], [undefined, canonicalJson(stateOf(2))]);
  });

  it('refuses an index that is none, and forgets that once the document in force is named again', async (t) => {
    const { api, mirror, refusals, publishShards, flip } = raise(t);
    api.put(secret('sbc-tls'), {});
    const good = publishShards(stateOf(1));
    flip(good);
    mirror.start();
    await settle();
    api.put({ kind: 'ConfigMap', name: 'sbc-routing' }, { [indexKey]: '{"hash":"nonsense"}' });
    await settle();
    assert.deepEqual([refusals.length, refusals[0]?.hash], [1, undefined]);
    flip(good);
    await settle();
    assert.deepEqual(refusals.slice(1), [undefined]);
  });

  it('keeps a Secret that is deleted, and drops it two documents after nobody names it', async (t) => {
    const { api, mirror, warnings, publishShards, flip, certificate } = raise(t);
    api.put(secret('sbc-tls'), { 'tls.crt': 'one' });
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    api.remove(secret('sbc-tls'));
    assert.deepEqual([certificate(), warnings.length], ['one', 1]);
    flip(publishShards(stateOf(2, [])));
    await settle();
    assert.equal(certificate(), 'one');
    flip(publishShards(stateOf(3, [])));
    await settle();
    assert.equal(certificate(), undefined);
  });

  it('an API server that is away is asked more and more seldom, every five seconds at least, and told of in one line an object', async (t) => {
    const { clock, api, mirror, warnings, publishShards, flip, document } = raise(t);
    api.failure = away;
    mirror.start();
    for (let second = 0; second < 600; second += 1) {
      clock.advance(1000);
      await settle();
    }
    // Every 2.5 to 5 s; without chance every 2.5.
    assert.ok(api.asked.length > 120 && api.asked.length < 260, String(api.asked.length));
    assert.deepEqual(warnings, ['Cannot follow an object; what it held last stays in force']);
    api.failure = undefined;
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    clock.advance(5000);
    await settle();
    assert.equal(document(), canonicalJson(stateOf(1)));
  });

  it('finds what changed while a watch was cut, and while it was silent', async (t) => {
    const { clock, api, mirror, publishShards, flip, document } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    api.endWatches(away);
    flip(publishShards(stateOf(2)));
    clock.advance(1000);
    await settle();
    assert.equal(document(), canonicalJson(stateOf(2)));
    api.watches.clear();
    flip(publishShards(stateOf(3)));
    clock.advance(150_000);
    await settle();
    clock.advance(1000);
    await settle();
    assert.equal(document(), canonicalJson(stateOf(3)));
  });

  it('leaves nothing running once it is closed', async (t) => {
    const { clock, api, mirror, publishShards, flip } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1), ' '));
    mirror.start();
    await settle();
    mirror.close();
    await settle();
    assert.deepEqual([api.watches.size, clock.pending, api.isClosed], [0, 0, true]);
  });

  it('a document that names hundreds of logins watches a few of them and asks for the others now and then', async (t) => {
    const { api, mirror, publishShards, flip, certificate } = raise(t);
    const names = Array.from({ length: 200 }, (_, at) => `login-${at}`);
    for (const name of names) api.put(secret(name), { 'tls.crt': name });
    flip(publishShards(stateOf(1, names)));
    mirror.start();
    await settle();
    assert.deepEqual([api.watches.size, certificate('login-199')], [33, 'login-199']);
  });

  it('takes up an index that comes while the shards of the one before are read, and judges no longer by that one', async (t) => {
    const { api, mirror, refusals, publishShards, flip, document } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    const written: unknown[] = [];
    mirror.tellWrites(() => written.push(document()));
    const release = holdShards(api);
    const overtaken = publishShards(stateOf(2));
    flip(overtaken);
    await settle();
    const newest = publishShards(stateOf(3));
    flip(newest);
    const kept = new Set(newest.shards.map(({ name }) => name));
    for (const { name } of overtaken.shards) if (!kept.has(name)) api.remove({ kind: 'ConfigMap', name });
    release();
    await settle();
    assert.deepEqual([written, refusals], [[canonicalJson(stateOf(3))], []]);
  });

  it('does not write a document that another has followed while one of its Secrets was waited for', async (t) => {
    const { clock, api, mirror, publishShards, flip, document } = raise(t);
    api.put(secret('sbc-tls'), {});
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    const written: unknown[] = [];
    mirror.tellWrites(() => written.push(document()));
    flip(publishShards(stateOf(2, ['sbc-tls', 'never'])));
    await settle();
    flip(publishShards(stateOf(3)));
    clock.advance(3000);
    await settle();
    assert.deepEqual(written, [canonicalJson(stateOf(3))]);
  });

  it('goes on to follow what the document before names: the new one may be refused', async (t) => {
    const { api, mirror, publishShards, flip, certificate } = raise(t);
    api.put(secret('sbc-tls'), { 'tls.crt': 'one' });
    flip(publishShards(stateOf(1)));
    mirror.start();
    await settle();
    flip(publishShards(stateOf(2, [])));
    await settle();
    api.put(secret('sbc-tls'), { 'tls.crt': 'two' });
    assert.equal(certificate(), 'two');
  });

  it('goes on to follow the index where telling of a refusal fails', async (t) => {
    const { api, mirror, publishShards, flip, document } = raise(t);
    api.put(secret('sbc-tls'), {});
    mirror.tellRefusals(() => {
      throw new Error('a bug');
    });
    api.put({ kind: 'ConfigMap', name: 'sbc-routing' }, { [indexKey]: '{}' });
    mirror.start();
    await settle();
    mirror.tellRefusals(() => undefined);
    flip(publishShards(stateOf(1)));
    await settle();
    assert.equal(document(), canonicalJson(stateOf(1)));
  });
});
