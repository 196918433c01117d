import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeBencode, encodeBencode, isDictionary, isList } from './bencode.ts';
import type { BencodeValue } from './bencode.ts';

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const { value: anyValue } = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    latin1,
    fc.maxSafeInteger(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(latin1, tie('value')), { maxLength: 5 }).map((members) => Object.fromEntries(members)),
  ),
}));

describe('Bencode', () => {
  it('is written as NG wants it', () => {
    assert.equal(encodeBencode({ command: 'ping' }), 'd7:command4:pinge');
    assert.equal(encodeBencode({ a: [1, -2, 'x'], b: {} }), 'd1:ali1ei-2e1:xe1:bdee');
  });

  it('leaves out members that are undefined', () => {
    assert.equal(encodeBencode({ a: undefined, b: 'y' }), 'd1:b1:ye');
  });

  it('counts octets of latin1 texts', () => {
    assert.equal(encodeBencode('grün'), '4:grün');
  });

  it('comes back as it went', () => {
    fc.assert(fc.property(anyValue, (value) => assert.deepEqual(decodeBencode(encodeBencode(value)), value)));
  });

  it('gives undefined for every text that is not one whole value', () => {
    const malformed = [
      '',
      'i',
      'ie',
      'i-e',
      'i5',
      '5:abc',
      '-1:a',
      'l',
      'l1:a',
      'd',
      'd1:a',
      'd1:ae',
      'di1ei1ee',
      'x',
      '1:ab',
      'i1ei2e',
      '1a:b',
      ':',
    ];
    for (const text of malformed) assert.equal(decodeBencode(text), undefined, text);
  });

  it('never throws, whatever arrives', () => {
    const noise = fc.string({ unit: fc.constantFrom('d', 'l', 'i', 'e', ':', '-', '1', '9', '0', 'a') });
    fc.assert(fc.property(noise, (text) => decodeBencode(text) === undefined || text.length > 0));
  });

  it('refuses a text that is nested too deeply or too long', () => {
    assert.equal(decodeBencode('l'.repeat(40) + 'e'.repeat(40)), undefined);
    assert.notEqual(decodeBencode('l'.repeat(20) + 'e'.repeat(20)), undefined);
    assert.equal(decodeBencode(encodeBencode('x'.repeat(100)), 50), undefined);
  });

  it('refuses a length that no message can have', () => {
    assert.equal(decodeBencode('99999999999999999999:x'), undefined);
    assert.equal(decodeBencode('999999999999999999999:x'), undefined);
  });

  it('keeps a key named __proto__ a key', () => {
    const decoded = decodeBencode('d9:__proto__d1:ai1eee');
    assert.ok(isDictionary(decoded));
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
    assert.deepEqual(Object.keys(decoded), ['__proto__']);
  });

  it('tells lists, dictionaries and the rest apart', () => {
    assert.deepEqual([isList([]), isList({}), isList('x'), isDictionary({}), isDictionary([]), isDictionary(1), isDictionary(undefined)], [
      true, false, false, true, false, false, false,
    ]); // prettier-ignore
  });
});
