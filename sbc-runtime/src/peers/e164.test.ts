import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { countries } from '@teams-sbc/crds';
import fc from 'fast-check';
import { getCountries } from 'libphonenumber-js/min';
import { countryOf, e164 } from './e164.ts';

suite('a number becomes E.164', () => {
  const numbers: [string, string, string][] = [
    ['DE', '030 12345', '+493012345'],
    ['DE', '030%20123-45', '+493012345'],
    ['DE', '004312345678', '+4312345678'],
    ['DE', '0049 (30) 123-45', '+493012345'],
    ['DE', '03012345;ext=17;phone-context=x', '+493012345;ext=17;phone-context=x'],
    ['US', '2125551234', '+12125551234'],
    ['US', '12125551234', '+12125551234'],
    ['US', '0114930123456', '+4930123456'],
    ['IT', '0612345678', '+390612345678'],
    ['FR', '06.12.34.56.78', '+33612345678'],
    ['HU', '0612345678', '+3612345678'],
    ['ES', '912345678', '+34912345678'],
    ['AU', '0011493012345', '+493012345'],
  ];
  for (const [country, written, wanted] of numbers) {
    test(`${written} in ${country} is ${wanted}`, () => assert.equal(e164(written, countryOf(country)), wanted));
  }

  test('a number with + only loses what is there for the eye, whatever the country', () => {
    for (const country of [undefined, countryOf('US')]) {
      assert.equal(e164('+49 (30) 123-45', country), '+493012345');
      assert.equal(e164('+49%2030.12345;ext=7', country), '+493012345;ext=7');
      assert.equal(e164('+999', country), '+999');
    }
  });
});

suite('a user part stays as it was written', () => {
  const inDe: Record<string, string> = {
    'an emergency number': '112',
    'another emergency number': '911',
    'a service number': '116117',
    'an extension': '1234',
    'an extension as long as a number without its prefix': '1234567',
    'a number without its prefix': '30123456',
    'a number with the country code but without +': '4930123456',
    'a number that is not valid there': '0049300',
    'a name': 'anonymous',
    'a feature code': '*21*0301234567',
    'nothing at all': '',
    'a lone +': '+',
    'two +': '++493012345',
    'a half escaped blank': '030%2',
    'an extension with parameters': '17;ext=3',
    'more than 64 characters': `0${'3'.repeat(64)}`,
  };
  for (const [what, user] of Object.entries(inDe)) {
    test(what, () => assert.equal(e164(user, countryOf('DE')), user));
  }

  test('without a country, also what would be a number', () => {
    assert.equal(e164('03012345', undefined), '03012345');
    assert.equal(countryOf('ZZ'), undefined);
  });

  test('emergency numbers, in every country', () => {
    for (const country of getCountries())
      for (const user of [
        '000',
        '100',
        '101',
        '102',
        '103',
        '108',
        '110',
        '112',
        '113',
        '119',
        '122',
        '1122',
        '911',
        '999',
      ])
        assert.equal(e164(user, country), user);
  });
});

test('the countries that a PbxTrunk may name are those with a numbering plan here', () => {
  assert.deepEqual([...countries], getCountries());
});

test('whatever the text, it stays or becomes + and digits, with the same parameters behind; E.164 itself never changes', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0 1 2 9 + - . ( ) % ;'.split(' '), ' ') }));
  fc.assert(
    fc.property(text, fc.constantFrom(undefined, ...getCountries()), (user, country) => {
      const read = e164(user, country);
      const semicolon = user.indexOf(';');
      const rest = semicolon < 0 ? '' : user.slice(semicolon);
      assert.ok(read === user || (/^\+\d+(;|$)/.test(read) && read.endsWith(rest)), read);
      assert.equal(e164(read, country), read);
    }),
  );
});
