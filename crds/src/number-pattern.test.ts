import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fillIn, type NumberPattern, parseNumberPattern, replacementFault } from './number-pattern.ts';

function pattern(text: string): NumberPattern {
  const parsed = parseNumberPattern(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.pattern;
}

function rewrite(text: string, replacement: string, number: string): string | undefined {
  const groups = pattern(text).match(number);
  return groups && fillIn(replacement, groups);
}

test('a pattern stands for the whole number, with and without ^ and $', () => {
  for (const text of ['+4930.*', '^+4930.*', '+4930.*$', '^\\+4930.*$']) {
    assert.equal(pattern(text).test('+4930123456'), true, text);
    assert.equal(pattern(text).test('004930123456'), false, text);
    assert.equal(pattern(text).test('x+4930123456'), false, text);
  }
  assert.equal(pattern('30').test('301'), false);
});

test('what patterns may hold', () => {
  for (const [text, fits, fitsNot] of [
    ['+49(30|40)\\d{4,6}', ['+49301234', '+4940123456'], ['+49501234', '+4930123', '+49301234567']],
    ['[2-79]..', ['212', '999', '7*#'], ['112', '812', '21']],
    ['[^01].*', ['2', '+49'], ['0', '1', '']],
    ['\\*21#?', ['*21', '*21#'], ['21', '*21##']],
    ['(00|\\+)49.{2,}', ['004930', '+4930'], ['00493', '4930']],
    ['11[02]|91(1|)', ['110', '112', '911', '91'], ['111', '1109']],
    ['0{3}', ['000'], ['00', '0000']],
    ['[*#0-9-]{2}', ['*1', '1-'], ['+1']],
    ['^$', [''], ['1']],
  ] as const) {
    for (const number of fits) assert.equal(pattern(text).test(number), true, `${text} fits ${number}`);
    for (const number of fitsNot) assert.equal(pattern(text).test(number), false, `${text} does not fit ${number}`);
  }
});

test('what is longer than numbers get fits nothing', () => {
  assert.equal(pattern('.*').test('1'.repeat(64)), true);
  assert.equal(pattern('.*').test('1'.repeat(65)), false);
});

test('groups go into the replacement by their number, the whole as $0', () => {
  assert.equal(rewrite('0([1-9].*)', '+49$1', '030123456'), '+4930123456');
  assert.equal(rewrite('(+49)(30)?(.*)', '$3.$2.$1', '+4940'), '40..+49');
  assert.equal(rewrite('.*', '9$0', '112'), '9112');
  assert.equal(rewrite('(1)(2)', '$20', '12'), '20');
  assert.equal(rewrite('0.*', '+49$0', '1'), undefined);
});

test('the longest reading of a count is preferred, and the first choice', () => {
  assert.deepEqual(pattern('(0*)(.*)').match('0012'), ['0012', '00', '12']);
  assert.deepEqual(pattern('(0|00)(.*)').match('0012'), ['0012', '0', '012']);
});

test('a pattern knows how its numbers begin, where that is few words', () => {
  for (const [text, prefixes] of [
    ['+49(30|40).*', ['+4930', '+4940']],
    ['(0049|0)30', ['004930', '030']],
    ['0?1.', ['01', '1']],
    ['.*', ['']],
    ['0*', ['']],
    ['(0|0|0){20}', ['']],
  ] as const)
    assert.deepEqual(pattern(text).prefixes.toSorted(), prefixes, text);
});

test('a pattern that is none says what to write', () => {
  for (const [text, message] of [
    ['[0-9]+', /write \{1,\} for one or more/],
    ['(?:1)', /groups only capture/],
    ['(1', /\( without its \)/],
    ['1)', /\) without its \(/],
    ['[1', /\[ without its \]/],
    ['[]', /empty \[ \]/],
    ['[9-0]', /from a digit to a higher one/],
    ['*1', /write \\\*/],
    ['1{', /write \{4\}/],
    ['1{4', /\{ without its \}/],
    ['1{5,4}', /not below the first/],
    ['1{65}', /at most 64/],
    ['1{2}{3}', /a second count/],
    ['(1*)*', /may be empty/],
    ['1$2', /at the end of a pattern only/],
    ['1^', /at the beginning/],
    ['d', /write \\d/],
    ['\\', /without a sign/],
    ['\\1', /without a sign/],
    ['alice', /no part of a pattern/],
    ['((((((((((1))))))))))', /groups/],
    ['(((((((((1)))))))))', /8 deep and more/],
    ['(1)'.repeat(10), /more than 9 groups/],
    ['((1{64}){64}){64}', /use smaller counts, or several rules/],
  ] as const) {
    const parsed = parseNumberPattern(text);
    assert.match(parsed.ok ? 'accepted' : parsed.message, message, text);
  }
});

test('a replacement may ask only for groups that are there', () => {
  assert.equal(replacementFault(pattern('0(.*)'), '+49$1$0'), undefined);
  assert.match(replacementFault(pattern('0(.*)'), '$2') ?? '', /the pattern has 1 group/);
  assert.match(replacementFault(pattern('0.*'), '$1') ?? '', /the pattern has 0 groups/);
  assert.match(replacementFault(pattern('0.*'), '1$') ?? '', /without a digit/);
});

const atom = fc.constantFrom('0', '1', '+', '.', '\\d', '[01]', '[^1]', '\\+');
const count = fc.constantFrom('', '', '', '?', '*', '{2}', '{1,}', '{0,2}');
const sequence = fc
  .array(fc.tuple(atom, count), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.map(([what, often], at) => (what === '+' && at > 0 ? '\\+' : what) + often).join(''));
const anyPattern = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 2 },
    sequence,
    fc.tuple(sequence, tie('node')).map(([first, rest]) => `${first}(${rest})`),
    fc.tuple(tie('node'), tie('node')).map(([one, other]) => `${one}|${other}`),
  ),
})).node;

test('a pattern means what it means as a regular expression', () => {
  fc.assert(
    fc.property(anyPattern, fc.stringMatching(/^[+01]{0,6}$/), (text, number) => {
      const parsed = parseNumberPattern(text);
      fc.pre(parsed.ok);
      // A + in front of a choice is a sign here and a count there.
      const regex = new RegExp(`^(?:${text.replace(/(^|[(|])\+/g, '$1\\+')})$`);
      const expected = regex.exec(number);
      assert.deepEqual(
        parsed.pattern.match(number),
        expected === null ? undefined : [...expected].map((group: string | undefined) => group ?? ''),
      );
    }),
    { numRuns: 2000 },
  );
});

const nested = fc.letrec<{ atom: string; node: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('0', '1', '#', '-', '.', '\\d', '[01]', '[^1]', '[+*-]', '\\+', '\\*'),
    tie('node').map((node) => `(${node})`),
  ),
  node: fc
    .array(
      fc
        .array(
          fc.tuple(tie('atom'), count).map(([what, often]) => what + often),
          { maxLength: 3 },
        )
        .map((parts) => parts.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((branches) => branches.join('|')),
})).node;

// Of a group inside a counted one JavaScript forgets what an earlier turn has captured, so captures are not compared here.
test('groups inside counted groups fit what they fit as a regular expression, and begin as they say', () => {
  const numbers = fc.array(fc.stringMatching(/^[+01#*-]{0,7}$/), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(nested, numbers, (text, all) => {
      const parsed = parseNumberPattern(text);
      fc.pre(parsed.ok);
      const regex = new RegExp(`^(?:${text})$`);
      for (const number of all) {
        assert.equal(parsed.pattern.test(number), regex.test(number), `${text} ${number}`);
        assert.equal(parsed.pattern.match(number) !== undefined, regex.test(number), `${text} ${number}`);
      }
    }),
    { numRuns: 2000 },
  );
});

test('no text makes the parser throw, and what it accepts takes a bounded number of steps for a number of any kind', () => {
  const signs = fc.constantFrom(...'01+*.?|(){}[]^$\\d,-#x'.split(''));
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 40 }), fc.string({ maxLength: 80 }), (text, number) => {
      const parsed = parseNumberPattern(text.join(''));
      if (parsed.ok) assert.equal(typeof parsed.pattern.test(number), 'boolean');
    }),
    { numRuns: 2000 },
  );
});

test('a pattern that would send a backtracking engine away for years is answered at once', () => {
  const hard = pattern('(0|00|000){20,30}1');
  assert.equal(hard.test(`${'0'.repeat(63)}2`), false);
  assert.equal(pattern('(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)#').test('0'.repeat(64)), false);
});
