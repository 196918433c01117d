import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HttpPlaces } from './http-places.ts';

const visitor = (address: string, isWaiting = true) => ({ address, isWaiting });
const places = (limits: { places: number; placesPerAddress: number }) =>
  new HttpPlaces<ReturnType<typeof visitor>>(limits);

describe('The places of an HTTP server', () => {
  it('go to whoever comes while there is room', () => {
    const table = places({ places: 3, placesPerAddress: 2 });
    const [one, two, three] = [visitor('a'), visitor('a'), visitor('b')];
    assert.deepEqual([table.enter(one), table.enter(two), table.enter(three)], [undefined, undefined, undefined]);
    assert.deepEqual([...table], [one, two, three]);
  });

  it('are taken from the one that has been silent longest when all are taken', () => {
    const table = places({ places: 3, placesPerAddress: 3 });
    const [answered, silent, later] = [visitor('a', false), visitor('b'), visitor('c')];
    for (const each of [answered, silent, later]) table.enter(each);
    const probe = visitor('kubelet');
    assert.equal(table.enter(probe), silent);
    assert.deepEqual([...table], [answered, later, probe]);
  });

  it('of one address are taken from its own connections', () => {
    const table = places({ places: 8, placesPerAddress: 2 });
    const probe = visitor('kubelet');
    const [first, second, third] = [visitor('x'), visitor('x'), visitor('x')];
    for (const each of [probe, first, second]) table.enter(each);
    assert.equal(table.enter(third), first);
    assert.deepEqual([...table], [probe, second, third]);
  });

  it('are taken from the oldest where everybody is being answered', () => {
    const table = places({ places: 2, placesPerAddress: 2 });
    const [first, second] = [visitor('a', false), visitor('b', false)];
    for (const each of [first, second]) table.enter(each);
    assert.equal(table.enter(visitor('c')), first);
  });

  it('are free again once somebody leaves', () => {
    const table = places({ places: 1, placesPerAddress: 1 });
    const only = visitor('a');
    table.enter(only);
    table.leave(only);
    assert.equal(table.size, 0);
    assert.equal(table.enter(visitor('a')), undefined);
  });
});
