import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableNumber, readableReason } from './peer-words.ts';

test('what is short enough stays as it is, the rest says that it is cut', () => {
  for (const [readable, length] of [
    [readableReason, 256],
    [readableNumber, 128],
  ] as const) {
    const longest = '7'.repeat(length);
    assert.equal(readable(longest), longest);
    assert.equal(readable(`${longest}7`), `${longest.slice(1)}…`);
  }
});
