import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineReader } from './line-reader.ts';

function cut(octets: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    if (at >= octets.length) break;
    chunks.push(octets.subarray(at, at + size));
    at += size;
  }
  chunks.push(octets.subarray(at));
  return chunks;
}

test('lines are the same however the stream is cut, inside a character too', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => text !== '' && !text.includes('\n'));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 })), (lines, sizes) => {
      const seen: string[] = [];
      const reader = new LineReader({ maxBytes: 1000, onLine: (text) => seen.push(text) });
      const octets = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      for (const chunk of cut(octets, sizes)) assert.ok(reader.push(chunk));
      assert.deepEqual(seen, lines);
    }),
  );
});

test('a line beyond the limit ends it, whether or not its end was seen', () => {
  const reader = () => new LineReader({ maxBytes: 4, onLine: () => undefined });
  assert.equal(reader().push(Buffer.from('12345')), false);
  assert.equal(reader().push(Buffer.from('12345\n')), false);
  const patient = reader();
  assert.equal(patient.push(Buffer.from('123')), true);
  assert.equal(patient.push(Buffer.from('45\n')), false);
  assert.equal(reader().push(Buffer.from('1234\n1234\n')), true);
});
