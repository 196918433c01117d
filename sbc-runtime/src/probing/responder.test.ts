import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../sip/headers.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { Request, type Response } from '../sip/message.ts';
import type { ServerTransaction } from '../transaction/transaction-user.ts';
import { Responder } from './responder.ts';

const identity: LocalIdentity = {
  listener: 'teams',
  trunk: 'contoso',
  sentBy: 'sbc.example.com:5061',
  protocol: 'TLS',
  contact: '<sip:sbc.example.com:5061;transport=tls>',
  headers: [['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY']],
};

/** What the responder answers to one request. */
function answerTo(method: string, options: { draining?: boolean; known?: boolean } = {}) {
  const seen: string[] = [];
  const responder = new Responder({
    identityFor: () => (options.known === false ? undefined : identity),
    isDraining: () => options.draining === true,
    onOptions: (trunk) => seen.push(trunk),
  });
  const request = new Request(
    method,
    'sip:sbc.example.com',
    Headers.from([
      ['Via', 'SIP/2.0/TLS 192.0.2.1;branch=z9hG4bK1'],
      ['From', '<sip:a@b>;tag=1'],
      ['To', '<sip:sbc.example.com>'],
      ['Call-ID', 'c1'],
      ['CSeq', `1 ${method}`],
    ]),
  );
  let response: Response | undefined;
  const flow = { trunks: ['contoso'], address: '192.0.2.1' } as unknown as ServerTransaction['flow'];
  responder.onRequest({ request, flow, isOver: false, respond: (given) => (response = given) });
  assert.ok(response);
  return { response, seen };
}

test('OPTIONS is answered with who we are and what we allow', () => {
  const { response, seen } = answerTo('OPTIONS');
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('Contact'), identity.contact);
  assert.equal(response.headers.get('Allow'), 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY');
  assert.deepEqual(seen, ['contoso']);
});

test('while draining OPTIONS gets 503, so that the other side stops sending calls', () => {
  assert.equal(answerTo('OPTIONS', { draining: true }).response.status, 503);
});

test('OPTIONS for a name that is no trunk gets 404', () => {
  assert.equal(answerTo('OPTIONS', { known: false }).response.status, 404);
});

test('methods that we know and do not serve get 405 with Allow, others 501', () => {
  for (const method of ['REGISTER', 'SUBSCRIBE', 'MESSAGE', 'PUBLISH']) {
    const { response } = answerTo(method);
    assert.deepEqual([response.status, response.headers.has('Allow')], [405, true]);
  }
  assert.equal(answerTo('BREW').response.status, 501);
});
