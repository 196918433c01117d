import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueuesByAddress } from './queues-by-address.ts';

const of = (address: string) => ({ address });

test('whoever came first of an address is first, and whoever comes again goes to the end', () => {
  const queues = new QueuesByAddress<{ readonly address: string }>();
  const [one, two, other] = [of('a'), of('a'), of('b')];
  for (const each of [one, two, other]) queues.add(each);
  assert.equal(queues.firstOf('a'), one);
  queues.add(one);
  assert.equal(queues.firstOf('a'), two);
  assert.deepEqual([queues.lengthOf('a'), queues.lengthOf('b'), queues.lengthOf('c')], [2, 1, 0]);
});

test('who has left is first no more, and leaves once', () => {
  const queues = new QueuesByAddress<{ readonly address: string }>();
  const [one, two] = [of('a'), of('a')];
  queues.add(one);
  queues.add(two);
  assert.equal(queues.delete(one), true);
  assert.equal(queues.delete(one), false);
  assert.equal(queues.firstOf('a'), two);
  assert.equal(queues.delete(two), true);
  assert.equal(queues.firstOf('a'), undefined);
});
