/** Whatever two parties, the network and the relay do to a call: it ends on both sides, and no rule is broken on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { disorder, play } from './disorder.ts';

test('whatever happens: both sides end, nothing is left, Teams gets nothing that it refuses, and no INVITE two final responses', () => {
  let answered = 0;
  fc.assert(
    fc.property(disorder, (drawn) => {
      const outcome = play(drawn);
      if (outcome.caller === 'answered' && outcome.callee === 'answered') answered += 1;
      assert.deepEqual(outcome.problems, [], outcome.ladder);
    }),
    { numRuns: 1500 },
  );
  assert.ok(answered > 300, `only ${answered} calls were answered: the draw is too wild to prove anything`);
});
