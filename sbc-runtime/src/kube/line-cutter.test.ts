import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineCutter } from './line-cutter.ts';

test('lines come out whole, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\n/g, ''))),
      fc.infiniteStream(fc.nat(9)),
      (lines, cuts) => {
        const cutter = new LineCutter(1000);
        const octets = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
        const found: string[] = [];
        for (let at = 0; at < octets.length;) {
          const more = Number(cuts.next().value);
          found.push(...(cutter.push(octets.subarray(at, at + more + 1)) ?? []));
          at += more + 1;
        }
        assert.deepEqual(
          found,
          lines.filter((line) => line !== ''),
        );
      },
    ),
  );
});

test('a line that does not end is too long at its limit, and not before', () => {
  const cutter = new LineCutter(10);
  assert.deepEqual(cutter.push(Buffer.from('0123456789\n01234')), ['0123456789']);
  assert.deepEqual(cutter.push(Buffer.from('56789')), []);
  assert.equal(cutter.push(Buffer.from('0')), undefined);
});
