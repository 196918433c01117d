import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MediaOffer, MediaProfile } from '../media-relay.ts';
import { answerCommand, deleteCommand, hasCommonVoiceCodec, listCommand, offerCommand } from './flags.ts';

const teams: MediaProfile = { interface: 'teams', transport: 'RTP/SAVP', rtcpMux: 'offer', codecs: [] };
const pbx: MediaProfile = { interface: 'pbx', transport: 'RTP/AVP', rtcpMux: 'demux', codecs: [] };
const fromPbx: MediaOffer = { session: 's', fromTag: 'f', sdp: 'v=0\r\n', from: pbx, to: teams };
const fromTeams: MediaOffer = { ...fromPbx, from: teams, to: pbx };

describe('An offer to RTPEngine', () => {
  it('goes to Teams as SRTP without ICE and DTLS, from the interface of one side to that of the other', () => {
    const command = offerCommand('id', fromPbx);
    assert.deepEqual(
      [
        command['command'],
        command['call-id'],
        command['from-tag'],
        command['sdp'],
        command['direction'],
        command['transport-protocol'],
      ],
      ['offer', 'id', 'f', 'v=0\r\n', ['pbx', 'teams'], 'RTP/SAVP'],
    );
    assert.deepEqual([command['ICE'], command['DTLS'], command['rtcp-mux']], ['remove', 'off', ['offer']]);
  });

  it('goes to a PBX as plain RTP without rtcp-mux', () => {
    const command = offerCommand('id', fromTeams);
    assert.deepEqual(
      [command['direction'], command['transport-protocol'], command['rtcp-mux']],
      [['teams', 'pbx'], 'RTP/AVP', ['demux']],
    );
  });

  it('hides the address of the side it comes from', () => {
    assert.deepEqual(offerCommand('id', fromPbx)['replace'], ['origin', 'session-connection', 'zero-address']);
  });

  it('leaves one crypto suite in both directions: the one that Teams demands', () => {
    for (const offer of [fromPbx, fromTeams]) {
      const suites = offerCommand('id', offer)['SDES'];
      assert.ok(Array.isArray(suites) && suites.length === 11);
      assert.ok(suites.every((suite) => String(suite).startsWith('no-') && suite !== 'no-AES_CM_128_HMAC_SHA1_80'));
    }
  });

  it('names the other tag within a dialog and not before', () => {
    assert.equal(offerCommand('id', fromPbx)['to-tag'], undefined);
    assert.equal(offerCommand('id', { ...fromPbx, toTag: 't' })['to-tag'], 't');
  });

  it('shows the advertised address of the side that it goes to', () => {
    const to = { ...teams, advertisedAddress: '203.0.113.9' };
    assert.equal(offerCommand('id', { ...fromPbx, to })['media address'], '203.0.113.9');
    assert.equal(offerCommand('id', { ...fromPbx, from: to, to: pbx })['media address'], undefined);
  });

  it('lets all codecs through where none are named, else those alone, in their order, with telephone-event', () => {
    assert.equal(offerCommand('id', fromPbx)['codec'], undefined);
    const withCodecs = (codecs: string[]) => offerCommand('id', { ...fromPbx, to: { ...teams, codecs } })['codec'];
    assert.deepEqual(withCodecs(['PCMA', 'CN']), { strip: ['all'], offer: ['PCMA', 'CN', 'telephone-event'] });
    assert.deepEqual(withCodecs(['Telephone-Event', 'G722']), { strip: ['all'], offer: ['Telephone-Event', 'G722'] });
  });
});

describe('An answer to RTPEngine', () => {
  it('carries both tags and shows the advertised address of the offerer', () => {
    const to = { ...teams, advertisedAddress: '203.0.113.9' };
    const command = answerCommand('id', { session: 's', fromTag: 'f', toTag: 't', sdp: 'v=0', from: pbx, to });
    assert.deepEqual(command, {
      command: 'answer',
      'call-id': 'id',
      'from-tag': 'f',
      'to-tag': 't',
      sdp: 'v=0',
      ICE: 'remove',
      flags: ['port latching'],
      replace: ['origin', 'session-connection', 'zero-address'],
      'media address': '203.0.113.9',
    });
  });
});

describe('Other commands', () => {
  it('delete at once, and list up to a limit', () => {
    assert.deepEqual(deleteCommand('id'), { command: 'delete', 'call-id': 'id', 'delete delay': 0 });
    assert.deepEqual(listCommand(5), { command: 'list', limit: 5 });
  });
});

describe('Codecs in common', () => {
  const cases: [string[], string[], boolean][] = [
    [['PCMA/8000'], [], true],
    [['pcma/8000', 'opus/48000/2'], ['PCMA'], true],
    [['opus/48000/2', 'PCMU/8000'], ['Opus/48000/2'], true],
    [['PCMA/8000/1'], ['PCMA/8000'], true],
    [['SILK/8000', 'telephone-event/16000'], ['SILK/16000'], false],
    [['opus/48000/2', 'telephone-event/8000', 'CN/8000'], ['PCMA', 'telephone-event', 'CN'], false],
    [['telephone-event/8000'], ['PCMA', 'telephone-event/8000'], false],
    [[], ['PCMA'], false],
  ];
  for (const [offered, allowed, expected] of cases) {
    it(`${offered.join(' ') || 'nothing'} offered, ${allowed.join(' ') || 'all'} allowed: ${expected ? 'a voice codec' : 'none'}`, () => {
      assert.equal(hasCommonVoiceCodec(offered, allowed), expected);
    });
  }
});
