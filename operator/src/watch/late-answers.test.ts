/** What an API server says too late, by a client that answers when a test says so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { KubeClient, ListPage, WatchEvents } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import { ObjectStore } from './object-store.ts';
import { Reflector } from './reflector.ts';

const trunk = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'TeamsTrunk',
  metadata: { namespace: 'default', name, resourceVersion },
});

function setUp() {
  const clock = new VirtualClock();
  const store = new ObjectStore();
  const lists: ((page: ListPage) => void)[] = [];
  const watches: WatchEvents[] = [];
  const client = {
    list: () => new Promise<ListPage>((resolve) => lists.push(resolve)),
    watch: (_resource: unknown, _query: unknown, events: WatchEvents) =>
      new Promise<void>(() => void watches.push(events)),
  } as Partial<KubeClient> as KubeClient;
  const none = () => undefined;
  const reflector = new Reflector({
    ...{ client, clock, store, resource: resources.teamsTrunks, log: silentLog, random: { fraction: () => 0.5 } },
    metrics: { listed: none, watched: none, failed: none, missed: none },
  });
  reflector.start();
  return { clock, store, lists, watches, reflector };
}

/** Promises that are settled are heard. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('A reflector', () => {
  it('that was stopped takes up no list any more', async () => {
    const { store, lists, watches, reflector } = setUp();
    reflector.stop();
    lists[0]?.({ items: [trunk('a', '1')], resourceVersion: '1' });
    await turn();
    assert.deepEqual([lists.length, store.size, store.isSynced, watches.length], [1, 0, false, 0]);
  });

  it('hears nothing of a watch that it has given up', async () => {
    const { clock, store, lists, watches, reflector } = setUp();
    lists[0]?.({ items: [], resourceVersion: '1' });
    await turn();
    clock.advance(80_000);
    await turn();
    assert.equal(watches.length, 2);
    watches[0]?.onEvent('ADDED', trunk('late', '2'));
    watches[1]?.onEvent('ADDED', trunk('a', '3'));
    assert.deepEqual(
      store.list().map(({ metadata }) => metadata.name),
      ['a'],
    );
    reflector.stop();
  });
});
