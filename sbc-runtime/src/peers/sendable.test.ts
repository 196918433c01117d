import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../sip/headers.ts';
import { sendableHeaders, sendableName, sendablePhrase, sendableReasons } from './sendable.ts';

const x = (length: number) => 'x'.repeat(length);

test('of reasons four cross, as they are; one that is too long keeps its protocol and its cause', () => {
  const whole = 'Q.850;cause=16;text="Normal call clearing", SIP;cause=200';
  assert.deepEqual(sendableReasons([whole]), [whole]);
  assert.deepEqual(sendableReasons(['a', 'b', 'c', 'd', 'e']), ['a', 'b', 'c', 'd']);
  assert.deepEqual(sendableReasons([`SIP ;cause=487;text="${x(300)}"`, x(257), x(256)]), ['SIP;cause=487', x(256)]);
});

test('64 KiB of reason are nothing that anybody reads', () => {
  assert.deepEqual(sendableReasons([`SIP;cause=200;text="${x(65_000)}"`]), []);
  assert.deepEqual(sendableReasons([';'.repeat(65_000)]), []);
  assert.deepEqual(sendableReasons([`${x(300)};cause=16`]), []);
});

test('of headers eight cross, and none that is longer than 512 octets', () => {
  const names = ['Privacy', 'Reason', 'Subject'];
  const many = Headers.from([
    ...Array.from({ length: 9 }, (_, at): [string, string] => ['Subject', `${at}`]),
    ...Array.from({ length: 9 }, (_, at): [string, string] => ['Reason', `${at}`]),
    ['Privacy', 'id'],
  ]);
  const sent = (...values: string[]) => values.map((value) => ['Reason', value]);
  assert.deepEqual(sendableHeaders(many, names), [
    ['Privacy', 'id'],
    ...sent('0', '1', '2', '3'),
    ['Subject', '0'],
    ['Subject', '1'],
    ['Subject', '2'],
  ]);
  const long = Headers.from([
    ['Subject', x(513)],
    ['Subject', x(512)],
  ]);
  assert.deepEqual(sendableHeaders(long, names), [['Subject', x(512)]]);
});

test('a name that is too long is cut between characters', () => {
  assert.equal(sendableName(x(256)), x(256));
  assert.equal(sendableName(x(300)), x(256));
  const umlaut = Buffer.from('ü', 'utf8').toString('latin1');
  assert.equal(sendableName(`x${umlaut.repeat(200)}`), `x${umlaut.repeat(127)}`);
});

test('a phrase that is too long gives way to the usual one', () => {
  assert.equal(sendablePhrase('Busy Here'), 'Busy Here');
  assert.equal(sendablePhrase(x(128)), x(128));
  for (const phrase of ['', x(129)]) assert.equal(sendablePhrase(phrase), undefined);
});
