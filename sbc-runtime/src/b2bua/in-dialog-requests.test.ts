import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Headers } from '../sip/headers.ts';
import { Request } from '../sip/message.ts';
import { answerInDialog, answerToUpdateWithoutSdp } from './in-dialog-requests.ts';

const us = {
  contact: '<sip:sbc.example.com>',
  headers: [
    ['Allow', 'INVITE, BYE'],
    ['User-Agent', 'teams-sbc'],
  ],
} as const;

const request = (method: string, body = '', pairs: [string, string][] = []) =>
  new Request(method, 'sip:sbc.example.com', Headers.from(pairs), body);

describe('a request inside a call, answered here', () => {
  it('OPTIONS says who we are and what we allow', () => {
    assert.deepEqual(answerInDialog(request('OPTIONS'), us), {
      status: 200,
      headers: [
        ['Contact', '<sip:sbc.example.com>'],
        ['Allow', 'INVITE, BYE'],
      ],
    });
  });
  it('INFO without a body is a question whether we live: yes', () => {
    assert.deepEqual(answerInDialog(request('INFO'), us), { status: 200, headers: [] });
  });
  it('INFO with a body is 415, for its DTMF would be lost', () => {
    assert.deepEqual(answerInDialog(request('INFO', 'Signal=5\r\n'), us), { status: 415, headers: [['Accept', '']] });
  });
  it('INFO of a package that nobody announced is 469', () => {
    assert.deepEqual(answerInDialog(request('INFO', '', [['Info-Package', 'dtmf']]), us), {
      status: 469,
      headers: [['Recv-Info', '']],
    });
  });
  it('NOTIFY belongs to no subscription', () => {
    assert.equal(answerInDialog(request('NOTIFY'), us).status, 481);
  });
  for (const method of ['MESSAGE', 'SUBSCRIBE', 'REFER', 'X']) {
    it(`${method} is not allowed, and the answer says what is`, () => {
      assert.deepEqual(answerInDialog(request(method), us), { status: 405, headers: [['Allow', 'INVITE, BYE']] });
    });
  }
});

it('UPDATE without a session description is accepted, with another body it is 415', () => {
  assert.equal(answerToUpdateWithoutSdp(request('UPDATE')).status, 200);
  assert.deepEqual(answerToUpdateWithoutSdp(request('UPDATE', 'x')), {
    status: 415,
    headers: [['Accept', 'application/sdp']],
  });
});
