import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { composeOffer, usualCodecs } from './compose-offer.ts';
import { codecNames } from './codecs.ts';
import { parseSdp } from './description.ts';
import { direction } from './sdp.ts';

const address = '192.0.2.7';

test('the codecs asked for, in their order, and DTMF behind them', () => {
  assert.deepEqual(codecNames(composeOffer({ codecs: ['PCMU', 'G729'], address })), [
    'PCMU',
    'G729',
    'telephone-event',
  ]);
});

test('names with a clock rate; SILK has two', () => {
  const offer = composeOffer({ codecs: ['opus/48000/2', 'SILK/8000', 'PCMA/8000'], address });
  assert.deepEqual(codecNames(offer), ['opus', 'SILK', 'PCMA', 'telephone-event']);
  assert.ok(offer.includes('a=rtpmap:103 SILK/8000\r\n'));
});

test('what nobody can compose is left out; where no voice is left, the usual ones stand', () => {
  assert.deepEqual(codecNames(composeOffer({ codecs: ['AMR-WB', 'PCMA'], address })), ['PCMA', 'telephone-event']);
  for (const codecs of [[], ['AMR-WB'], ['telephone-event', 'CN']])
    assert.deepEqual(codecNames(composeOffer({ codecs, address })), ['PCMA', 'PCMU', 'G722', 'telephone-event']);
});

test('both ways, to a port that discards, in the family of the address', () => {
  const offer = composeOffer({ codecs: [], address });
  assert.equal(direction(offer), 'sendrecv');
  assert.deepEqual(
    parseSdp(offer)?.media.map(({ kind, port, profile, connection }) => [kind, port, profile, connection]),
    [['audio', 9, 'RTP/AVP', address]],
  );
  assert.ok(composeOffer({ codecs: [], address: '2001:db8::1' }).includes('c=IN IP6 2001:db8::1\r\n'));
});

test('whatever is asked for: one m= line, each payload type once, each named', () => {
  const codec = fc.oneof(
    fc.constantFrom(...usualCodecs, 'CN', 'opus', 'SILK', 'SILK/8000', 'telephone-event'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(codec), (codecs) => {
      const formats = parseSdp(composeOffer({ codecs, address }))?.media[0]?.formats ?? [];
      assert.ok(formats.length >= 2);
      assert.equal(new Set(formats).size, formats.length);
    }),
  );
});
