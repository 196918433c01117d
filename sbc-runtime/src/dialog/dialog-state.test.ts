import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../sip/headers.ts';
import { Response } from '../sip/message.ts';
import {
  confirmedBy,
  dialogOfUac,
  dialogOfUas,
  isInOrder,
  refreshed,
  withNextSequence,
  withRemoteSequence,
  type InviteOrigin,
} from './dialog-state.ts';
import { aRequest, microsoft } from './testing/world.ts';

const origin: InviteOrigin = {
  callId: 'ours',
  localTag: 'us',
  localParty: '<sip:us@example.com>;tag=us',
  sequence: 1,
  requestUri: 'sip:them@example.com',
};

const response = (pairs: readonly (readonly [string, string])[]) =>
  new Response(200, 'OK', Headers.from([['To', '<sip:them@example.com>;tag=them'], ...pairs]));

describe('the dialog of a UAC', () => {
  it('takes the Record-Route of all lines in reverse, parameters and display names included', () => {
    const dialog = dialogOfUac(
      origin,
      response([
        ['Record-Route', '<sip:p1.example.com;lr>, "a, b" <sip:p2.example.com;lr>;x=1'],
        ['Contact', microsoft.contact],
        ['Record-Route', microsoft.recordRoute],
      ]),
    );
    assert.deepEqual(dialog.routeSet, [
      microsoft.recordRoute,
      '"a, b" <sip:p2.example.com;lr>;x=1',
      '<sip:p1.example.com;lr>',
    ]);
    assert.equal(dialog.remoteTarget, microsoft.contact.slice(1, -1));
    assert.deepEqual([dialog.remoteTag, dialog.remoteParty], ['them', '<sip:them@example.com>;tag=them']);
    assert.deepEqual([dialog.localSequence, dialog.remoteSequence], [1, undefined]);
  });

  it('has no route set where none was recorded', () => {
    assert.deepEqual(dialogOfUac(origin, response([])).routeSet, []);
  });

  it('sends where the INVITE went when the 2xx has no Contact', () => {
    assert.equal(dialogOfUac(origin, response([])).remoteTarget, 'sip:them@example.com');
  });

  it('recomputes routes and target with the 2xx and keeps its sequence numbers', () => {
    const early = withRemoteSequence(
      withNextSequence(dialogOfUac(origin, response([['Record-Route', '<sip:old;lr>']]))),
      5,
    );
    const confirmed = confirmedBy(early, origin, response([['Contact', '<sip:new@example.com>']]));
    assert.deepEqual(
      [confirmed.routeSet, confirmed.remoteTarget, confirmed.localSequence, confirmed.remoteSequence],
      [[], 'sip:new@example.com', 2, 5],
    );
  });
});

describe('the dialog of a UAS', () => {
  it('takes the Record-Route in order', () => {
    const invite = aRequest('INVITE', [['Record-Route', `<sip:p1.example.com;lr>, ${microsoft.recordRoute}`]]);
    const dialog = dialogOfUas(invite, 'us');
    assert.deepEqual(dialog.routeSet, ['<sip:p1.example.com;lr>', microsoft.recordRoute]);
    assert.equal(dialog.remoteTarget, microsoft.contact.slice(1, -1));
    assert.equal(dialog.localParty, '<sip:+4989@sbc-0.example.com>;tag=us');
    assert.deepEqual([dialog.callId, dialog.remoteTag, dialog.remoteSequence], ['call-1', 'megan', 7]);
    assert.equal(withNextSequence(dialog).localSequence, 1);
  });
});

describe('sequence numbers of the peer', () => {
  it('are in order where they do not fall; any first one is', () => {
    const dialog = dialogOfUac(origin, response([]));
    assert.ok(isInOrder(dialog, 0));
    const after = withRemoteSequence(dialog, 10);
    assert.deepEqual(
      [9, 10, 11, 1000].map((number) => isInOrder(after, number)),
      [false, true, true, true],
    );
  });
});

describe('a target refresh', () => {
  it('leaves the same object where nothing changes', () => {
    const dialog = dialogOfUas(aRequest('INVITE'), 'us');
    assert.equal(refreshed(dialog, aRequest('INVITE')), dialog);
    assert.equal(refreshed(dialog, response([])), dialog);
    assert.equal(
      refreshed(dialog, response([['Contact', '<sip:b@example.com;x=1>;q=1']])).remoteTarget,
      'sip:b@example.com;x=1',
    );
  });
});
