/** The faults of kubernetes.md §A.2 over real sockets; time is virtual. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { ObjectStore } from './object-store.ts';
import { Reflector } from './reflector.ts';

const { teamsTrunks } = resources;
const trunk = (name: string, port = 5061): KubeObject => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'TeamsTrunk',
  metadata: { namespace: 'default', name },
  spec: { port },
});

/** What happened at the reflector, and a way to wait for it. */
class Watched {
  readonly clock = new VirtualClock();
  readonly store = new ObjectStore();
  readonly seen: string[] = [];
  readonly misses: number[] = [];
  readonly failures: string[] = [];
  readonly reflector: Reflector;

  constructor(server: LoopbackApiServer, optional = false) {
    this.store.onChange(({ key, before, after }) => {
      this.seen.push(`${after === undefined ? 'gone' : before === undefined ? 'added' : 'changed'} ${key}`);
    });
    this.reflector = new Reflector({
      client: server.client({ clock: this.clock }),
      ...{ resource: teamsTrunks, store: this.store, clock: this.clock, optional, log: silentLog },
      random: { fraction: () => 0.5 },
      metrics: {
        listed: () => undefined,
        watched: () => undefined,
        failed: (_resource, kind) => void this.failures.push(kind),
        missed: (_resource, objects) => this.misses.push(objects),
      },
    });
    this.reflector.start();
  }

  /** Lets sockets and virtual time move on, 20 ms a turn of the event loop, until something holds. */
  async until(holds: () => boolean): Promise<void> {
    for (let turn = 0; !holds(); turn++) {
      assert.ok(turn < 60_000, 'it never happens');
      await new Promise((resolve) => setImmediate(resolve));
      this.clock.advance(20);
    }
  }

  get keys(): readonly string[] {
    return this.store.list().map(({ metadata }) => metadata.name).sort(); // prettier-ignore
  }
}

const lists = { method: 'GET', resource: 'teamstrunks', isWatch: false };
const watches = { resource: 'teamstrunks', isWatch: true };

let server: LoopbackApiServer;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  server.put(trunk('a'));
  server.put(trunk('b'));
});
afterEach(() => server.close());

/** Synced, and the first watch open. */
async function watching(): Promise<Watched> {
  const watched = new Watched(server);
  await watched.store.waitForSync();
  // An event that comes through shows that the watch is open.
  server.put(trunk('x'));
  server.delete(teamsTrunks, 'default', 'x');
  await watched.until(() => watched.seen.includes('gone default/x'));
  return watched;
}

describe('A reflector in front of an API server', () => {
  it('holds what is there, then each change, without what nobody reads', async () => {
    server.put({ ...trunk('c'), metadata: { ...trunk('c').metadata, managedFields: [{}] } as KubeObject['metadata'] });
    const watched = await watching();
    server.put(trunk('a', 5062));
    server.delete(teamsTrunks, 'default', 'b');
    await watched.until(() => watched.store.get('default', 'b') === undefined);
    assert.deepEqual([watched.keys, watched.store.get('default', 'a')?.spec], [['a', 'c'], { port: 5062 }]);
    assert.equal('managedFields' in watched.store.get('default', 'c')!.metadata, false);
    watched.reflector.stop();
  });

  const cuts: readonly [string, () => void][] = [
    ['the server ends the watch', () => server.watches.close()],
    ['the connection is reset', () => server.watches.reset()],
    ['the stream carries a 410', () => server.watches.sendGone()],
    ['the stream carries rubbish', () => server.watches.sendRaw('}\n')],
  ];
  for (const [what, cut] of cuts) {
    it(`misses nothing, a deletion included, when ${what}`, async () => {
      const watched = await watching();
      server.put(trunk('c'));
      await watched.until(() => watched.keys.length === 3);
      cut();
      server.delete(teamsTrunks, 'default', 'b');
      server.put(trunk('d'));
      await watched.until(() => watched.keys.join() === 'a,c,d');
      assert.ok(watched.seen.includes('gone default/b'));
      watched.reflector.stop();
    });
  }

  it('says for how long it has been refused for want of rights, until it may read again', async () => {
    const watched = await watching();
    server.faults.order({ resource: 'teamstrunks' }, { kind: 'status', code: 403, reason: 'Forbidden' }, 1000);
    server.watches.close();
    await watched.until(() => watched.reflector.forbiddenMs > 60_000);
    server.faults.clear();
    await watched.until(() => watched.reflector.forbiddenMs === 0);
    watched.reflector.stop();
  });

  it('lists again where the next watch is refused with 410, and finds what was deleted', async () => {
    const watched = await watching();
    server.storage.compact();
    server.put(trunk('c'));
    await watched.until(() => watched.keys.length === 3);
    server.watches.reset();
    await watched.until(() => watched.failures.length === 1);
    server.delete(teamsTrunks, 'default', 'b');
    server.storage.compact();
    await watched.until(() => watched.keys.join() === 'a,c');
    assert.equal(server.count(lists), 2);
    watched.reflector.stop();
  });

  it('gives up a watch that has gone silent, and misses nothing', async () => {
    const watched = await watching();
    server.watches.silence();
    server.delete(teamsTrunks, 'default', 'b');
    watched.clock.advance(75_000);
    await watched.until(() => watched.keys.join() === 'a');
    assert.deepEqual([server.count(lists), server.count(watches)], [1, 2]);
    watched.reflector.stop();
  });

  it('keeps a watch on which a bookmark comes each minute', async () => {
    const watched = await watching();
    for (let minute = 0; minute < 5; minute++) {
      watched.clock.advance(60_000);
      server.put(trunk('c', minute));
      await watched.until(
        () => (watched.store.get('default', 'c')?.spec as { port?: number } | undefined)?.port === minute,
      );
    }
    assert.equal(server.count(watches), 1);
    watched.reflector.stop();
  });

  it('waits as long as 429 asks, while lists fail with it', async () => {
    server.faults.order(lists, { kind: 'status', code: 429, retryAfterSeconds: 8 });
    const watched = new Watched(server);
    await watched.until(() => watched.failures.length === 1);
    const failedMs = watched.clock.nowMs();
    await watched.until(() => watched.store.isSynced);
    assert.ok(watched.clock.nowMs() - failedMs >= 8_000);
    assert.deepEqual([watched.failures, server.count(lists)], [['throttled'], 2]);
    watched.reflector.stop();
  });

  it('lives through 500s and an API server that is away, and serves what it knew meanwhile', async () => {
    const watched = await watching();
    server.faults.order({}, { kind: 'status', code: 500 }, 3);
    server.faults.order({}, { kind: 'reset' }, 3);
    server.watches.reset();
    for (let failure = 1; failure <= 7; failure++) {
      await watched.until(() => watched.failures.length === failure);
      assert.deepEqual(watched.keys, ['a', 'b']);
    }
    server.put(trunk('c'));
    await watched.until(() => watched.keys.length === 3);
    assert.equal(watched.store.isSynced, true);
    watched.reflector.stop();
  });

  it('finds what a watch has lost at the next relist, counts it, and counts nothing else', async () => {
    const watched = await watching();
    server.watches.loseNext();
    server.delete(teamsTrunks, 'default', 'b');
    server.put(trunk('c'));
    await watched.until(() => watched.store.get('default', 'c') !== undefined);
    assert.deepEqual(watched.keys, ['a', 'b', 'c']);
    // Changes that come after the version of the watch are no misses.
    server.watches.silence();
    server.put(trunk('d'));
    await watched.until(() => watched.keys.join() === 'a,c,d');
    watched.reflector.stop();
    assert.equal(watched.misses.reduce((sum, each) => sum + each, 0), 1); // prettier-ignore
  });

  it('keeps what it knows where the API server answers 404 for a resource that must be there', async () => {
    const watched = await watching();
    server.unserve(teamsTrunks);
    await watched.until(() => watched.failures.length === 4);
    assert.deepEqual([watched.keys, watched.reflector.isServed], [['a', 'b'], false]);
    watched.reflector.stop();
  });

  it('is synced and empty for an optional resource without its CRD, and fills when that is installed', async () => {
    server.unserve(teamsTrunks);
    const watched = new Watched(server, true);
    await watched.store.waitForSync();
    assert.deepEqual([watched.keys, watched.reflector.isServed], [[], false]);
    server.serve(teamsTrunks);
    await watched.until(() => watched.keys.length === 2);
    assert.equal(watched.reflector.isServed, true);
    watched.reflector.stop();
  });
});
