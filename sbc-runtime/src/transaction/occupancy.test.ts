import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Occupancy } from './occupancy.ts';

/** Each trunk in turn takes what it gets; how much that was. */
function flood(occupancy: Occupancy, trunks: readonly string[], isInDialog = false): readonly number[] {
  const held = new Map<string, number>(trunks.map((trunk) => [trunk, 0]));
  let size = 0;
  for (let turn = 0; turn < 1000; turn += 1) {
    for (const trunk of trunks) {
      if (occupancy.isFullFor(trunk, size, isInDialog)) continue;
      occupancy.enter(trunk);
      size += 1;
      held.set(trunk, (held.get(trunk) ?? 0) + 1);
    }
  }
  return [...held.values()];
}

test('one trunk gets two thirds, two get two fifths each, and something is always left', () => {
  assert.deepEqual(flood(new Occupancy({ transactions: 300, octets: 1e6 }), ['a']), [200]);
  assert.deepEqual(flood(new Occupancy({ transactions: 300, octets: 1e6 }), ['a', 'b']), [120, 120]);
  const ten = flood(new Occupancy({ transactions: 300, octets: 1e6 }), 'a b c d e f g h i j'.split(' '));
  assert.ok(ten.reduce((sum, each) => sum + each) < 300);
});

test('a flood within dialogs leaves room for what begins one elsewhere', () => {
  const occupancy = new Occupancy({ transactions: 300, octets: 1e6 });
  const [held = 0] = flood(occupancy, ['a'], true);
  assert.equal(held, 250);
  assert.equal(occupancy.isFullFor('teams', held, false), false);
});

test('octets are shared in the same way, and given back', () => {
  const occupancy = new Occupancy({ transactions: 300, octets: 900 });
  const share = occupancy.enter('a');
  occupancy.keeps(share, 599);
  assert.equal(occupancy.isFullFor('a', 1, false), false);
  occupancy.keeps(share, 1);
  assert.deepEqual([occupancy.isFullFor('a', 1, false), occupancy.isFullFor('b', 1, false)], [true, false]);
  assert.equal(occupancy.isFullFor('a', 1, true), false);
  occupancy.keeps(share, -600);
  occupancy.leave(share);
  assert.equal(occupancy.isFullFor('a', 0, false), false);
});

test('a lower limit holds from now on', () => {
  const occupancy = new Occupancy({ transactions: 300, octets: 900 });
  occupancy.limitTo(10);
  assert.equal(occupancy.isFullFor('a', 10, false), true);
});
