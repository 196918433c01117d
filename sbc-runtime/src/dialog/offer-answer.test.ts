import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  afterMessage,
  hasSdp,
  mayOffer,
  offersSdp,
  refusalOfOffer,
  whoIsNext,
  type Carrier,
  type OfferAnswer,
} from './offer-answer.ts';
import { aRequest, offerSdp } from './testing/world.ts';

const states: readonly OfferAnswer[] = [
  ...(['Stable', 'OurInviteOffer', 'PeerInviteOffer', 'OurEmptyInvite', 'PeerEmptyInvite', 'OurOfferIn2xx'] as const),
  ...(['PeerOfferIn2xx', 'PeerUpdateOffer'] as const),
];
const ofInvites: readonly Carrier[] = ['INVITE', 'INVITE-2xx', 'INVITE-refused', 'ACK'];
const carriers: readonly Carrier[] = [...ofInvites, 'UPDATE'];

/** `+` with SDP, `-` without; a cell without a line changes nothing. */
const figure = `
  Stable           us INVITE+            OurInviteOffer
  Stable           us INVITE-            OurEmptyInvite
  Stable           peer INVITE+          PeerInviteOffer
  Stable           peer INVITE-          PeerEmptyInvite
  Stable           peer UPDATE+          PeerUpdateOffer
  OurInviteOffer   peer INVITE-2xx+      Stable
  OurInviteOffer   peer INVITE-2xx-      Stable
  OurInviteOffer   peer INVITE-refused-  Stable
  OurInviteOffer   peer INVITE-refused+  Stable
  PeerInviteOffer  us INVITE-2xx+        Stable
  PeerInviteOffer  us INVITE-2xx-        Stable
  PeerInviteOffer  us INVITE-refused-    Stable
  PeerInviteOffer  us INVITE-refused+    Stable
  OurEmptyInvite   peer INVITE-2xx+      PeerOfferIn2xx
  OurEmptyInvite   peer INVITE-2xx-      Stable
  OurEmptyInvite   peer INVITE-refused-  Stable
  OurEmptyInvite   peer INVITE-refused+  Stable
  PeerEmptyInvite  us INVITE-2xx+        OurOfferIn2xx
  PeerEmptyInvite  us INVITE-2xx-        Stable
  PeerEmptyInvite  us INVITE-refused-    Stable
  PeerEmptyInvite  us INVITE-refused+    Stable
  PeerOfferIn2xx   us ACK+               Stable
  PeerOfferIn2xx   us ACK-               Stable
  OurOfferIn2xx    peer ACK+             Stable
  OurOfferIn2xx    peer ACK-             Stable
`;

describe('offer and answer', () => {
  it('move as the figure says, in every state, for every message of either side', () => {
    const expected = new Map<string, string>();
    for (const line of figure.trim().split('\n')) {
      const [state = '', by = '', carrier = '', next = ''] = line.trim().split(/\s+/);
      expected.set(`${state} ${by} ${carrier}`, next);
    }
    for (const state of states) {
      for (const by of ['us', 'peer'] as const) {
        for (const carrier of carriers) {
          for (const sdp of [true, false]) {
            const cell = `${state} ${by} ${carrier}${sdp ? '+' : '-'}`;
            assert.equal(afterMessage(state, by, carrier, sdp), expected.get(cell) ?? state, cell);
            expected.delete(cell);
          }
        }
      }
    }
    assert.deepEqual([...expected.keys()], [], 'every line names a cell');
  });

  it('leave exactly one side with the next word, or none: then anybody may offer', () => {
    for (const state of states) {
      const next = whoIsNext(state);
      assert.equal(mayOffer(state), next === undefined);
      assert.equal(refusalOfOffer(state), next === undefined ? undefined : next === 'peer' ? 491 : 500);
    }
  });

  it('of INVITEs are the same seen from both ends of the wire', () => {
    const mirrored: Partial<Record<OfferAnswer, OfferAnswer>> = {
      Stable: 'Stable',
      OurInviteOffer: 'PeerInviteOffer',
      PeerInviteOffer: 'OurInviteOffer',
      OurEmptyInvite: 'PeerEmptyInvite',
      PeerEmptyInvite: 'OurEmptyInvite',
      OurOfferIn2xx: 'PeerOfferIn2xx',
      PeerOfferIn2xx: 'OurOfferIn2xx',
    };
    const message = fc.tuple(
      fc.constantFrom('us' as const, 'peer' as const),
      fc.constantFrom(...ofInvites),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        let here: OfferAnswer = 'Stable';
        let there: OfferAnswer = 'Stable';
        for (const [by, carrier, sdp] of messages) {
          here = afterMessage(here, by, carrier, sdp);
          there = afterMessage(there, by === 'us' ? 'peer' : 'us', carrier, sdp);
          assert.equal(there, mirrored[here]);
        }
      }),
    );
  });

  it('find a session description alone and beside a location', () => {
    assert.equal(hasSdp(aRequest('INVITE')), false);
    assert.equal(hasSdp(aRequest('INVITE', [], offerSdp)), true);
    const mixed = aRequest('INVITE', [], '--b\r\nContent-Type: Application/SDP\r\n\r\nv=0\r\n--b--');
    mixed.headers.set('Content-Type', 'multipart/mixed;boundary=b');
    assert.equal(hasSdp(mixed), true);
    mixed.body = '--b\r\nContent-Type: application/pidf+xml\r\n\r\n--b--';
    assert.equal(hasSdp(mixed), false);
    assert.equal(offersSdp({}), false);
    assert.equal(offersSdp({ body: { type: 'message/sipfrag', content: 'application/sdp' } }), false);
    assert.equal(offersSdp({ body: { type: 'application/SDP', content: offerSdp } }), true);
  });
});
