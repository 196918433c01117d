import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inSlices } from './in-slices.ts';
import { TraceRing } from './trace-ring.ts';
import { findMessages } from './trace-search.ts';
import type { SearchLimits } from './trace-search.ts';

const message = (callId: string, body = '') =>
  `OPTIONS sip:sbc SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nCall-ID: ${callId}\r\nCSeq: 1 OPTIONS\r\n\r\n${body}`;

function filled(...texts: string[]): TraceRing {
  const ring = new TraceRing();
  for (const text of texts) ring.push(0, 'pbx', 'sbc', text);
  return ring;
}

/** What is found, and in how many slices; `between` runs after each but the last. */
async function search(
  ring: TraceRing,
  callIds: string[],
  limits: SearchLimits = {},
  between: () => void = () => undefined,
) {
  let slices = 1;
  const { messages, more } = await inSlices(findMessages(ring, callIds, limits), async () => {
    slices += 1;
    between();
  });
  return { texts: messages.map(({ text }) => text), more, slices };
}

describe('A search of the trace ring', () => {
  it('gives the messages of the wanted Call-IDs, oldest first', async () => {
    const texts = [message('a1'), 'SIP/2.0 180 Ringing\r\ni:b2\r\n', message('c3'), message('a1', 'again')];
    const ring = filled(...texts);
    assert.deepEqual((await search(ring, ['b2', 'a1'])).texts, [texts[0], texts[1], texts[3]]);
    assert.deepEqual([(await search(ring, ['nobody'])).texts, (await search(ring, [])).texts], [[], []]);
  });

  it('finds no other call under a Call-ID of one letter', async () => {
    const ring = filled(message('abc'), message('a'), message('xay', 'a'), message('b', '\r\nCall-ID: a\r\n'));
    assert.deepEqual((await search(ring, ['a'])).texts, [message('a')]);
  });

  it('ends at its limits of messages and octets, and counts the others', async () => {
    const ring = filled(...Array.from({ length: 5 }, () => message('a')));
    const octets = message('a').length;
    const found = async (limits: SearchLimits) => {
      const { texts, more } = await search(ring, ['a'], limits);
      return [texts.length, more];
    };
    assert.deepEqual(await found({ maxMessages: 3 }), [3, 2]);
    assert.deepEqual(await found({ maxOctets: 2 * octets }), [2, 3]);
    assert.deepEqual(await found({}), [5, 0]);
  });

  it('takes the loop for no more than 128 KiB at a time', async () => {
    const ring = new TraceRing();
    for (let count = 0; count < 300; count += 1) ring.push(0, 'f', 't', message('q', 'x'.repeat(60_000)));
    const { slices, texts } = await search(ring, ['a']);
    assert.ok(slices > ring.bytes / (3 * 64 * 1024), `${slices} slices for ${ring.bytes} octets`);
    assert.deepEqual(texts, []);
  });

  it('goes on where the ring still holds something when it turns over in between', async () => {
    const ring = new TraceRing({ maxMessages: 600 });
    for (let count = 0; count < 600; count += 1) ring.push(count, 'f', 't', message('a', 'x'.repeat(200)));
    const pushed = () => {
      for (let count = 0; count < 500; count += 1) ring.push(0, 'f', 't', message('b'));
    };
    const { texts, more } = await search(ring, ['a', 'b'], { maxMessages: 1000 }, pushed);
    // One slice holds about 250 of the first; 500 newer ones then leave 100 of the 600.
    assert.ok(texts.length >= 300 && texts.length < 400, String(texts.length));
    assert.ok(texts.every((text) => text.includes('Call-ID: a\r\n')));
    assert.equal(more, 0);
  });
});
