import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseSdp } from './description.ts';
import { encryptionFault, withOfferedTag, withOneKey } from './encryption.ts';

const sdp = (...media: string[]) =>
  `${['v=0', 'o=- 1 1 IN IP4 52.112.1.1', 's=-', 'c=IN IP4 52.112.1.1', 't=0 0', ...media].join('\r\n')}\r\n`;
const key = (tag: number, name = 'AES_CM_128_HMAC_SHA1_80', rest = '|2^31') =>
  `a=crypto:${tag} ${name} inline:${'k'.repeat(40)}${rest}`;
const weak = (tag: number) => key(tag, 'AES_CM_128_HMAC_SHA1_32');
const audio = 'm=audio 4 RTP/SAVP 8';

suite('withOneKey', () => {
  test('of several keys the first of the suite stays, under tag 1, with lifetime and MKI', () => {
    const teams = sdp(audio, weak(0), key(2, undefined, '|2^31|1:1'), key(3), 'a=rtcp-mux');
    assert.equal(withOneKey(teams), sdp(audio, key(1, undefined, '|2^31|1:1'), 'a=rtcp-mux'));
    assert.equal(withOneKey(sdp(audio, key(1), weak(2))), sdp(audio, key(1)));
  });

  test('each stream has its own', () => {
    const two = sdp(audio, key(5), 'm=video 6 RTP/SAVP 96', key(7));
    assert.equal(withOneKey(two), sdp(audio, key(1), 'm=video 6 RTP/SAVP 96', key(1)));
  });

  test('one plain key, no key, and none of the suite come back as they are', () => {
    for (const text of [sdp(audio, key(1)), sdp('m=audio 4 RTP/AVP 8'), sdp(audio, weak(0)), 'no a=crypto:7 here'])
      assert.equal(withOneKey(text), text);
  });
});

suite('withOfferedTag', () => {
  test('the answer takes the tag of the key that was chosen', () => {
    assert.equal(withOfferedTag(sdp(audio, weak(0), key(3), key(4)), sdp(audio, key(1))), sdp(audio, key(3)));
    assert.equal(withOfferedTag(sdp(audio, weak(1), key(2)), sdp(audio, key(1))), sdp(audio, key(2)));
  });

  test('an offer of one key under tag 1, without keys, or that cannot be read changes nothing', () => {
    for (const offer of ['', 'a=crypto:2 x', sdp(audio, key(1)), sdp('m=audio 4 RTP/AVP 8'), sdp(audio, weak(0))])
      assert.equal(withOfferedTag(offer, sdp(audio, key(1))), sdp(audio, key(1)));
  });
});

test('whatever the keys, one is left, a second reading changes nothing, and the answer gets back the tag it had', () => {
  const line = fc.tuple(fc.nat(99), fc.boolean()).map(([tag, isWeak]) => (isWeak ? weak(tag) : key(tag)));
  fc.assert(
    fc.property(fc.array(line), (keys) => {
      const offer = sdp(audio, ...keys);
      const read = withOneKey(offer);
      assert.equal(withOneKey(read), read);
      const chosen = keys.find((each) => each.includes('_80'));
      if (chosen === undefined) assert.equal(read, offer);
      else assert.equal(withOfferedTag(offer, read), sdp(audio, chosen));
      const [section] = parseSdp(offer)?.media ?? [];
      assert.equal(section && encryptionFault(section) === undefined, chosen !== undefined);
    }),
  );
});
