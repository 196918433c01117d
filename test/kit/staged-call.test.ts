/** A staged call between two agents tells apart what went well and what did not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageCall, type CallStory } from './staged-call.ts';

const story: CallStory = {
  name: 'an answered call',
  from: 'teams',
  caller: { acts: [{ afterMs: 1000, what: 'bye' }] },
  callee: { rings: [{ afterMs: 100, status: 180 }], answers: { afterMs: 1000, status: 200 } },
};

test('an answered call ends on both sides, and nothing is left', () => {
  const { caller, callee, end, calls, problems, messages } = stageCall(story);
  assert.deepEqual(
    { caller, callee, end, calls, problems },
    { ...{ caller: 'answered', callee: 'answered' }, end: 'normal-clearing', calls: 2, problems: [] },
  );
  assert.equal(messages[0]?.title, 'INVITE');
  assert.equal(messages.at(-1)?.title, '200 (BYE)');
});

test('both agents repeat on UDP what is lost', () => {
  for (const from of ['teams', 'pbx'] as const) {
    let lost = 0;
    const { caller, callee, problems } = stageCall({ ...story, from }, (_at, { wire }) =>
      !wire.isReliable && ++lost % 2 === 1 ? 'lost' : undefined,
    );
    assert.ok(lost > 5);
    assert.deepEqual({ caller, callee, problems }, { caller: 'answered', callee: 'answered', problems: [] });
  }
});

test('a BYE that never reaches the other side is a problem', () => {
  const { problems } = stageCall(story, (_at, { from, to, text }) =>
    from === 'sbc' && to === 'pbx' && text.startsWith('BYE ') ? 'lost' : undefined,
  );
  assert.deepEqual(problems, ['the call of pbx is not over', 'pbx still knows 1 calls and transactions']);
});
