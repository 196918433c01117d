import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WordTable } from './word-table.ts';

test('a known word is found where it stands in a text, exactly as it is spelled', () => {
  const table = new WordTable([
    ['Via', 1],
    ['Route', 2],
    ['Via', 3],
  ]);
  assert.equal(table.find('Via'), 1);
  assert.equal(table.find('x\r\nRoute: a', 3, 8), 2);
  assert.equal(table.find('via'), undefined);
  assert.equal(table.find('Vi'), undefined);
  assert.equal(table.find('Via', 0, 0), undefined);
});

test('it finds what a Map would find, whatever the words are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1 })), fc.string(), fc.string(), (words, before, after) => {
      const entries = words.map((word, index): [string, number] => [word, index]);
      const table = new WordTable(entries);
      const map = new Map(entries.toReversed());
      for (const word of [...words, before, after].filter((text) => text !== '')) {
        const text = `${before}${word}${after}`;
        assert.equal(table.find(text, before.length, before.length + word.length), map.get(word));
      }
    }),
  );
});
