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

const lineOf = ({ id, entry }: { readonly id: string; readonly entry: unknown }) =>
  entry === null ? endLine(id) : putLine(id, entry);

describe('The text of a journal', () => {
  it('says what was written last of each id, and nothing of what is over', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const text = journalHead() + all.map(lineOf).join('');
        assert.deepEqual(readJournal(text), { kind: 'sound', entries: latest(all) });
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
        const read = readJournal(torn.toString('utf8'));
        assert.deepEqual(read, { kind: 'sound', entries: latest(all.slice(0, whole)) });
      }),
    );
  });

  it('tells where it is damaged, with what was known before', () => {
    const text = `${journalHead()}${putLine('a', { n: 1 })}+b {"n":\n${putLine('c', { n: 3 })}`;
    assert.deepEqual(readJournal(text), {
      ...{ kind: 'damaged', entries: [{ n: 1 }], line: 3 },
      problem: 'what it holds is no JSON',
    });
    const stray = readJournal(`${journalHead()}${putLine('a', 1)}something else\n`);
    assert.equal(stray.kind === 'damaged' && stray.problem, 'it is neither a change nor an end');
  });

  it('of another version or another program says nothing at all', () => {
    assert.deepEqual(readJournal('teams-sbc calls 2\n+a {}\n'), { kind: 'foreign', found: 'teams-sbc calls 2' });
    assert.equal(readJournal('{"calls":[]}').kind, 'foreign');
  });

  it('never throws, whatever stands there', () => {
    const texts = fc.oneof(fc.string(), fc.string().map((rest) => journalHead() + rest)); // prettier-ignore
    fc.assert(fc.property(texts, (text) => ['sound', 'damaged', 'foreign'].includes(readJournal(text).kind)));
  });
});
