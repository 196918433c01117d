import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionUse } from './connection-use.ts';
import { QueuesByAddress } from './queues-by-address.ts';

function two() {
  const idle = new QueuesByAddress<{ readonly address: string }>();
  const [first, second] = [{ address: 'a' }, { address: 'a' }];
  const uses = [new ConnectionUse(first, idle, 0), new ConnectionUse(second, idle, 1)] as const;
  return { idle, first, second, uses };
}

test('a connection with an open exchange is not idle, and is the last of them once it is over', () => {
  const { idle, first, second, uses } = two();
  uses[0].count('INVITE');
  assert.deepEqual([idle.lengthOf('a'), idle.firstOf('a')], [1, second]);
  uses[0].count('1xx');
  assert.equal(idle.lengthOf('a'), 1);
  uses[0].count('2xx');
  assert.equal(idle.lengthOf('a'), 2);
  assert.equal(idle.firstOf('a'), second);
  uses[1].count('OPTIONS');
  uses[1].count('2xx');
  assert.equal(idle.firstOf('a'), first);
});

test('octets without a request move a connection to the end too, once a second', () => {
  const { idle, first, second, uses } = two();
  uses[0].note(900);
  assert.equal(idle.firstOf('a'), first);
  assert.equal(uses[0].silentMs(950), 50);
  uses[0].note(1000);
  assert.equal(idle.firstOf('a'), second);
});

test('a connection that is closing is idle no more, whatever is still counted on it', () => {
  const { idle, second, uses } = two();
  uses[0].count('BYE');
  uses[0].end();
  uses[0].count('2xx');
  uses[0].note(5000);
  assert.deepEqual([idle.lengthOf('a'), idle.firstOf('a')], [1, second]);
});
