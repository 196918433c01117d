import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../kube/kube-object.ts';
import { ObjectStore } from './object-store.ts';
import type { StoreChange } from './store.ts';

const object = (name: string, version: number, color?: string, namespace = 'a'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name, resourceVersion: String(version) },
  ...(color !== undefined && { spec: { colors: [color] } }),
});
const colorsOf = ({ spec }: KubeObject) => (spec as { colors: string[] } | undefined)?.colors ?? [];
const make = () => new ObjectStore({ color: colorsOf });

describe('The store', () => {
  it('hands out frozen objects', () => {
    const store = make();
    store.put(object('x', 1, 'red'));
    const held = store.get('a', 'x');
    assert.throws(() => colorsOf(held!).push('blue'), TypeError);
  });

  it('finds objects by what they are now, not by what they were', () => {
    const store = make();
    store.put(object('x', 1, 'red'));
    store.put(object('x', 2, 'blue'));
    assert.deepEqual(store.by('color', 'red'), []);
    assert.equal(store.by('color', 'blue').length, 1);
    store.remove('a/x');
    assert.deepEqual([store.by('color', 'blue'), store.list(), store.size], [[], [], 0]);
    assert.throws(() => store.by('shape', 'round'), /no such index/);
  });

  it('gives the same list until it changes: 2000 reconciles do not copy 2000 objects each', () => {
    const store = make();
    store.put(object('x', 1));
    const list = store.list();
    assert.equal(store.list(), list);
    assert.equal(store.list('a'), store.list('a'));
    store.put(object('y', 2, 'red', 'b'));
    assert.notEqual(store.list(), list);
    assert.deepEqual([store.list().length, store.list('a').length, store.list('b').length], [2, 1, 1]);
  });

  it('keeps the object that it has where the version is the same: what is remembered per object holds', () => {
    const store = make();
    store.put(object('x', 1));
    const held = store.get('a', 'x');
    assert.equal(store.replaceAll([object('x', 1)]), 0);
    assert.equal(store.get('a', 'x'), held);
  });

  it('tells changes, deletions that a list reveals among them, and is synced by a list alone', async () => {
    const store = make();
    const seen: string[] = [];
    store.onChange(({ key, before, after }: StoreChange) => seen.push(`${key} ${before?.metadata.resourceVersion ?? '-'} ${after?.metadata.resourceVersion ?? '-'}`)); // prettier-ignore
    store.put(object('x', 1));
    assert.equal(store.isSynced, false);
    const synced = store.waitForSync();
    store.replaceAll([object('y', 2)]);
    await synced;
    assert.deepEqual(seen, ['a/x - 1', 'a/x 1 -', 'a/y - 2']);
  });

  it('has indexes that agree with a search through all objects, whatever happened before', () => {
    const color = fc.constantFrom('red', 'blue', undefined);
    const change = fc.record({ name: fc.constantFrom('x', 'y', 'z'), color, isGone: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const store = make();
        changes.forEach(({ name, color, isGone }, i) =>
          isGone ? store.remove(`a/${name}`) : store.put(object(name, i + 1, color)),
        );
        for (const each of ['red', 'blue']) {
          const names = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();
          assert.deepEqual(names(store.by('color', each)), names(store.list().filter((one) => colorsOf(one).includes(each)))); // prettier-ignore
        }
      }),
    );
  });

  it('takes a namesake for another object, whatever its version', () => {
    const store = make();
    const of = (uid: string): KubeObject => ({ ...object('x', 1), metadata: { ...object('x', 1).metadata, uid } });
    store.put(of('one'));
    assert.equal(store.put(of('two')), true);
    assert.equal(store.get('a', 'x')?.metadata.uid, 'two');
  });
});
