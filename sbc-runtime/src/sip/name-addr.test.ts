import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseFirstNameAddr, parseNameAddr } from './name-addr.ts';

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

const cases: Record<string, { text: string; displayName?: string; uri: string; tag?: string; params?: string }> = {
  'a quoted name': {
    text: '"J \\"R\\" \\\\" <sip:j@example.com>;tag=1',
    displayName: 'J "R" \\',
    uri: 'sip:j@example.com',
    tag: '1',
  },
  'a name of tokens': {
    text: 'J  Rosenberg <sip:j@example.com>',
    displayName: 'J  Rosenberg',
    uri: 'sip:j@example.com',
  },
  'no blank before the bracket': {
    text: 'Megan<sip:m@example.com;user=phone>;tag=a',
    displayName: 'Megan',
    uri: 'sip:m@example.com;user=phone',
    tag: 'a',
  },
  'an unquoted name in UTF-8': {
    text: latin1('Jürg Müller à <sip:j@example.com>;tag=99'),
    displayName: latin1('Jürg Müller à'),
    uri: 'sip:j@example.com',
    tag: '99',
  },
  'an unquoted name with a comma': {
    text: 'Bell, Alexander <sip:a.g.bell@example.com>;tag=43',
    displayName: 'Bell, Alexander',
    uri: 'sip:a.g.bell@example.com',
    tag: '43',
  },
  'brackets alone': { text: '<sip:a@example.com;x=8:orgid:1>', uri: 'sip:a@example.com;x=8:orgid:1' },
  'no brackets: the parameters are the header’s': {
    text: 'sip:a@example.com;tag=x;y',
    uri: 'sip:a@example.com',
    tag: 'x',
    params: ';tag=x;y',
  },
  'blanks around everything': {
    text: ' sip:v@example.com ;   tag    = 1918181833n ',
    uri: 'sip:v@example.com',
    tag: '1918181833n',
  },
  'a tel URI': { text: '<tel:+18338006777>', uri: 'tel:+18338006777' },
  'any scheme': { text: 'isbn:2983792873', uri: 'isbn:2983792873' },
  'a star': { text: '*', uri: '*' },
  'empty parameters': { text: '<sip:a@b>;;tag=1;', uri: 'sip:a@b', tag: '1', params: ';tag=1' },
  'an empty tag is none': { text: '<sip:a@b>;tag=', uri: 'sip:a@b', params: ';tag=' },
  'a quoted parameter': {
    text: '<sip:a@b>;+sip.instance="<urn:x;y>, z";Tag=1',
    uri: 'sip:a@b',
    tag: '1',
    params: ';+sip.instance="<urn:x;y>, z";Tag=1',
  },
};

suite('parseNameAddr', () => {
  for (const [name, { text, displayName, uri, tag, params }] of Object.entries(cases)) {
    test(`reads ${name}`, () => {
      const nameAddr = parseNameAddr(text);
      assert.ok(nameAddr);
      assert.equal(nameAddr.displayName, displayName);
      assert.equal(nameAddr.uri, uri);
      assert.equal(nameAddr.tag, tag);
      if (params !== undefined) assert.equal(nameAddr.params.toString(), params);
    });
  }

  for (const text of [
    ...[
      '',
      ' ',
      'alice',
      '"Mr. J. User <sip:j.user@example.com>',
      '<sip:a@b',
      '<>',
      '<a>',
      '"x" sip:a@b',
      'sip:a@b?x=y',
    ],
    ...[
      'sip:a@b>',
      '<sip:a@b> x',
      '<sip:a@b>, <sip:c@d>',
      '<sip:a@b>;x="y',
      '<sip:a@b>;=y',
      'sip:a@b,c',
      '<sip:a@b>;a=b c',
    ],
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parseNameAddr(text), undefined);
    });
  }

  test('the first of a list is read alone', () => {
    assert.equal(parseFirstNameAddr('"a, b" <sip:a@b>;q=1 , <sip:c@d')?.uri, 'sip:a@b');
    assert.equal(parseFirstNameAddr('sip:a@b,sip:c@d')?.uri, 'sip:a@b');
  });
});

test('brackets in a quoted parameter are not those of the URI', () => {
  const found = parseNameAddr('sip:alice@example.com;x="<sip:mallory@example.org>";tag=1');
  assert.equal(found?.uri, 'sip:alice@example.com');
  assert.equal(found.tag, '1');
  assert.equal(parseNameAddr('J "Bob" Smith <sip:a@b>')?.displayName, 'J "Bob" Smith');
});

suite('Params', () => {
  test('set replaces in place, delete removes all of a name, the rest stays verbatim', () => {
    const params = parseNameAddr('<sip:a@b>;A=1;b;a=2;c="x;y"')?.params;
    assert.ok(params);
    assert.equal(params.set('a', '3').toString(), ';A=3;b;a=2;c="x;y"');
    assert.equal(params.set('lr').toString(), ';A=3;b;a=2;c="x;y";lr');
    const copy = params.clone();
    assert.equal(params.delete('a').toString(), ';b;c="x;y";lr');
    assert.equal(copy.size, 5);
    assert.equal(params.has('B'), true);
    assert.equal(params.has('a'), false);
  });

  test('names of the prototype are parameters like any other', () => {
    const params = parseNameAddr('<sip:a@b>;__proto__=x;constructor')?.params;
    assert.equal(params?.get('__proto__'), 'x');
    assert.equal(params.get('constructor'), '');
    assert.equal(params.get('toString'), undefined);
  });
});
