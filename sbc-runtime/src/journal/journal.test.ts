import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { Journal, type JournalLimits } from './journal.ts';
import { readJournal } from './journal-text.ts';
import { MemoryFile } from './testing/memory-file.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function setUp(limits: Partial<JournalLimits> = {}) {
  const clock = new VirtualClock();
  const file = new MemoryFile();
  const [warnings, news]: [string[], string[]] = [[], []];
  const log = {
    ...silentLog,
    warn: (message: string) => void warnings.push(message),
    info: (message: string) => void news.push(message),
  };
  const journal = new Journal({ clock, log, file, nextTurn: settled, limits });
  const known = new Map<string, unknown>();
  const entry = (id: string) => ({ id, snapshot: () => known.get(id) });
  return {
    ...{ clock, file, warnings, news, journal },
    put: (id: string, value: unknown) => {
      known.set(id, value);
      journal.changed(entry(id));
    },
    end: (id: string) => {
      known.delete(id);
      journal.over(id);
    },
    known: () => [...known.values()],
    entries: () => {
      const { entries, foreign } = readJournal(file.text, (_, entry) => entry);
      return foreign === undefined ? [...entries] : 'foreign';
    },
    passes: async (ms = 60) => {
      clock.advance(ms);
      for (let turn = 0; turn < 20; turn += 1) await settled();
    },
  };
}

const sorted = (values: unknown) =>
  Array.isArray(values) ? values.map((value) => JSON.stringify(value)).sort() : values;

describe('A journal', () => {
  it('is written within 50 ms, once for many changes', async () => {
    const { put, passes, entries, file } = setUp();
    put('a', { n: 1 });
    put('b', { n: 1 });
    put('a', { n: 2 });
    assert.equal(file.text, '');
    await passes(50);
    assert.deepEqual(entries(), [{ n: 2 }, { n: 1 }]);
    assert.equal(file.text.split('\n').length, 4);
  });

  it('knows nothing of what ended before it was written, and costs no timer while nothing changes', async () => {
    const { clock, put, end, passes, file } = setUp();
    put('a', 1);
    await passes();
    put('b', 2);
    end('b');
    end('a');
    await passes();
    assert.equal(file.text.includes('+b'), false);
    assert.equal(clock.pending, 0);
  });

  it('keeps what was written where there is nothing new to say yet', async () => {
    const { journal, put, passes, entries } = setUp();
    put('a', { n: 1 });
    await passes();
    journal.changed({ id: 'a', snapshot: () => undefined });
    await passes();
    assert.deepEqual(entries(), [{ n: 1 }]);
  });

  it('holds, after any sequence of changes, what was known when they had been written', async () => {
    const steps = fc.array(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        value: fc.option(fc.string({ maxLength: 60 })),
        waits: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    const limits = fc.record({ slackOctets: fc.constantFrom(0, 100, 100_000), maxEntryOctets: fc.constant(10_000) });
    await fc.assert(
      fc.asyncProperty(steps, limits, async (all, chosen) => {
        const world = setUp(chosen);
        for (const { id, value, waits } of all) {
          if (value === null) world.end(id);
          else world.put(id, { value });
          if (waits) await world.passes();
        }
        await world.passes();
        await world.passes();
        assert.deepEqual(sorted(world.entries()), sorted(world.known()));
        assert.equal(world.clock.pending, 0);
      }),
      { numRuns: 60 },
    );
  });

  it('is written anew where more of it is history than holds', async () => {
    const { put, passes, entries, file, journal } = setUp({ slackOctets: 1000 });
    put('b', 'stays');
    for (let n = 0; n < 200; n += 1) {
      put('a', { n, text: 'x'.repeat(50) });
      await passes();
      assert.equal(file.text.length, journal.size);
      assert.equal(file.text.length < 1500, true);
    }
    assert.equal(file.renewals > 5, true);
    assert.deepEqual(sorted(entries()), sorted(['stays', { n: 199, text: 'x'.repeat(50) }]));
  });

  it('holds on to the old file until the new one is whole', async () => {
    // Each write is one of all.
    const { put, passes, entries, file } = setUp({ slackOctets: -1_000_000 });
    put('a', { n: 1 });
    await passes();
    file.isStuck = true;
    put('a', { n: 2 });
    await passes();
    assert.deepEqual([entries(), file.renewals], [[{ n: 1 }], 1]);
  });

  it('takes the place of what an earlier process has left with its first change', async () => {
    const { put, passes, entries, file } = setUp();
    file.text = 'teams-sbc calls 1\n+old 1\n+half';
    put('a', 'new');
    await passes();
    assert.deepEqual(entries(), ['new']);
  });

  it('does not keep an entry beyond the limit, and forgets the shorter one before it', async () => {
    const { put, passes, entries } = setUp({ maxEntryOctets: 100 });
    put('a', 'short');
    put('b', 'short too');
    await passes();
    put('a', 'x'.repeat(101));
    await passes();
    assert.deepEqual(entries(), ['short too']);
  });

  it('says once that it cannot be written, tries again, is whole as soon as it can be, and says that once', async () => {
    const { put, end, passes, entries, file, warnings, news, journal } = setUp();
    assert.equal(journal.isWritable, true);
    put('a', 1);
    put('b', 1);
    await passes();
    file.failure = new Error('No space left on device');
    put('a', 2);
    await passes();
    end('b');
    for (let times = 0; times < 5; times += 1) await passes(5000);
    assert.deepEqual(warnings, ['Cannot write the journal of calls: a crash of this process would end them']);
    assert.deepEqual([journal.isWritable, news], [false, []]);
    file.failure = undefined;
    await passes(5000);
    assert.deepEqual([entries(), journal.isWritable], [[2], true]);
    put('a', 3);
    await passes();
    assert.deepEqual(news, ['The journal of calls is written again']);
  });

  it('that cannot be written when its last entry ends tries again, and is without it once it can be', async () => {
    const { clock, journal, put, end, passes, entries, file } = setUp();
    put('a', 1);
    await passes();
    file.failure = new Error('Read-only file system');
    end('a');
    await passes();
    assert.deepEqual([entries(), clock.pending], [[1], 1]);
    file.failure = undefined;
    await passes(5000);
    assert.deepEqual([entries(), clock.pending, journal.size], [[], 0, file.text.length]);
  });

  it('counts octets, not characters: what is beyond the limit in UTF-8 is not kept', async () => {
    const { journal, put, passes, entries, file } = setUp({ maxEntryOctets: 100 });
    put('a', 'ü'.repeat(40));
    put('b', 'ü'.repeat(60));
    await passes();
    assert.deepEqual(entries(), ['ü'.repeat(40)]);
    assert.equal(journal.size, Buffer.byteLength(file.text));
  });

  it('that is closed without entries leaves nothing, and one with entries all of them', async () => {
    const empty = setUp();
    empty.put('a', 1);
    await empty.passes();
    empty.end('a');
    await empty.journal.close();
    assert.equal(empty.file.text, '');
    const full = setUp();
    full.put('a', 1);
    await full.journal.close();
    assert.deepEqual(full.entries(), [1]);
    assert.equal(full.clock.pending, 0);
  });
});
