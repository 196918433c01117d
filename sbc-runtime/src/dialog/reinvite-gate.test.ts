import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayInvite, refusalOfTheirs, type InvitesInProgress } from './reinvite-gate.ts';

const quiet: InvitesInProgress = { ours: false, theirs: false, unacknowledged: 0, offerAnswer: 'Stable' };

describe('the gate of re-INVITEs', () => {
  const cases: Record<string, readonly [Partial<InvitesInProgress>, 491 | 500 | undefined, boolean]> = {
    'is open for both where nothing is in progress': [{}, undefined, true],
    'answers 491 where ours is in progress': [{ ours: true, offerAnswer: 'OurInviteOffer' }, 491, false],
    'answers 491 where both are: ours decides': [{ ours: true, theirs: true }, 491, false],
    'answers 500 where theirs is in progress': [{ theirs: true, offerAnswer: 'PeerInviteOffer' }, 500, false],
    'lets theirs pass before one ACK, and none of ours': [{ unacknowledged: 1 }, undefined, false],
    'answers 500 before two ACKs': [{ unacknowledged: 2 }, 500, false],
    'answers 491 where the missing ACK holds the answer': [
      { unacknowledged: 1, offerAnswer: 'OurOfferIn2xx' },
      491,
      false,
    ],
    'answers 500 where their UPDATE has offered': [{ offerAnswer: 'PeerUpdateOffer' }, 500, false],
  };
  for (const [name, [change, refusal, open]] of Object.entries(cases)) {
    it(name, () => {
      assert.equal(refusalOfTheirs({ ...quiet, ...change }), refusal);
      assert.equal(mayInvite({ ...quiet, ...change }), open);
    });
  }
});
