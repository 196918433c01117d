import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { endLine, journalHead, putLine, readJournal } from './journal-text.ts';

const ids = fc.constantFrom('a1', 'b2', 'c3', 'd4');
const changes = fc.array(
  fc.record({ id: ids, entry: fc.option(fc.tuple(fc.string({ unit: 'binary' }), fc.integer())) }),
  { maxLength: 40 },
);

/** What holds after all of them, in the order in which ids first came. */
function latest(all: readonly { readonly id: string; readonly entry: unknown }[]): unknown[] {
  const entries = new Map<string, unknown>();
  for (const { id, entry } of all) {
    if (entry === null) entries.delete(id);
    else entries.set(id, entry);
  }
  return [...entries.values()];
}

/** Numbers are no entries. */
const readOwn = (_: string, entry: unknown) => (typeof entry === 'number' ? undefined : entry);
const sound = (entries: readonly unknown[]) => ({
  ...{ entries, doubtful: [], foreign: undefined },
  spoiled: { count: 0, first: undefined },
});

const lineOf = ({ id, entry }: { readonly id: string; readonly entry: unknown }) =>
  entry === null ? endLine(id) : putLine(id, entry);

describe('The text of a journal', () => {
  it('says what was written last of each id, and nothing of what is over', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const text = journalHead() + all.map(lineOf).join('');
        assert.deepEqual(readJournal(text, readOwn), sound(latest(all)));
      }),
    );
  });

  it('torn at any octet, says what the lines before say', () => {
    fc.assert(
      fc.property(changes, fc.nat(), (all, cut) => {
        const lines = all.map(lineOf);
        const octets = Buffer.from(journalHead() + lines.join(''), 'utf8');
        const torn = octets.subarray(0, cut % (octets.length + 1));
        let whole = 0;
        for (let left = torn.length - journalHead().length; whole < lines.length; whole += 1) {
          left -= Buffer.byteLength(lines[whole] ?? '');
          if (left < 0) break;
        }
        assert.deepEqual(readJournal(torn.toString('utf8'), readOwn), sound(latest(all.slice(0, whole))));
      }),
    );
  });

  it('with lines that are spoiled, says what the others say, how many there are and where the first is', () => {
    const spoiled = ['+b ["n\n', 'something else\n', '\0\0\0\n', '+\n', '+d 4\n'];
    const text = journalHead() + putLine('a', ['a']) + spoiled.join('') + putLine('c', ['c']);
    assert.deepEqual(readJournal(text, readOwn), {
      ...{ entries: [['a'], ['c']], doubtful: [], foreign: undefined },
      spoiled: { count: 5, first: { line: 3, problem: 'it holds no entry' } },
    });
    const { spoiled: found } = readJournal(`${journalHead()}\0\n`, readOwn);
    assert.deepEqual(found, { count: 1, first: { line: 2, problem: 'it is neither a change nor an end' } });
  });

  it('doubts what it knew of an id that stands in a spoiled line, until a later line of the same id', () => {
    for (const line of ['+a ["n\n', '*a [2]\n', '-a \0\n', '=a\n', '+a 4\n']) {
      const text = journalHead() + putLine('a', ['a']) + putLine('b', ['b']) + line;
      const after = (more: string) => readJournal(text + more, readOwn);
      assert.deepEqual([after('').entries, after('').doubtful], [[['b']], [['a']]], line);
      assert.deepEqual([after(line).entries, after(line).doubtful], [[['b']], [['a']]], line);
      assert.deepEqual(after(putLine('a', ['new'])).doubtful, [], line);
      assert.deepEqual(after(putLine('a', ['new'])).entries, [['b'], ['new']], line);
      assert.deepEqual([after(endLine('a')).entries, after(endLine('a')).doubtful], [[['b']], []], line);
    }
  });

  it('that is spoiled in any line loses nothing of another id', () => {
    const spoilt = fc.string().map((value) => value.replaceAll('\n', ''));
    fc.assert(
      fc.property(changes, fc.nat(), spoilt, (all, at, held) => {
        fc.pre(all.length > 0);
        const hit = at % all.length;
        const lines = all.map((change, index) => (index === hit ? `+${change.id} "${held}\n` : lineOf(change)));
        const others = all.filter(({ id }) => id !== all[hit]?.id);
        const { entries, doubtful } = readJournal(journalHead() + lines.join(''), readOwn);
        const left = [...entries, ...doubtful].map((entry) => JSON.stringify(entry));
        for (const entry of latest(others)) assert.equal(left.includes(JSON.stringify(entry)), true);
      }),
    );
  });

  it('of another version or another program doubts all that can be read', () => {
    const other = readJournal(`teams-sbc calls 2\n${putLine('a', ['a'])}+b {}\n-b\n`, readOwn);
    assert.deepEqual([other.foreign, other.entries, other.doubtful], ['teams-sbc calls 2', [], [['a']]]);
    const { foreign, entries, doubtful } = readJournal('{"calls":[]}', readOwn);
    assert.deepEqual([foreign, entries, doubtful], ['no version', [], []]);
    assert.equal(readJournal(`teams-sbc calls ${'2'.repeat(100)}\n`, readOwn).foreign?.length, 40);
    // A file that has lost its beginning may begin with a key.
    assert.equal(readJournal(`${'k'.repeat(40)}\n`, readOwn).foreign, 'no version');
  });

  it('never throws, whatever stands there', () => {
    const texts = fc.oneof(fc.string(), fc.string().map((rest) => journalHead() + rest)); // prettier-ignore
    fc.assert(fc.property(texts, (text) => Array.isArray(readJournal(text, readOwn).entries)));
  });
});
