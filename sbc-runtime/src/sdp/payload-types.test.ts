import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSdp } from './description.ts';
import { withUniquePayloadTypes } from './payload-types.ts';

const sdp = (...media: string[]) =>
  `${['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', ...media].join('\r\n')}\r\n`;

test('a payload type that stands twice in an m= line stands there once', () => {
  assert.equal(withUniquePayloadTypes(sdp('m=audio 4 RTP/AVP 8 0 8 101 101')), sdp('m=audio 4 RTP/AVP 8 0 101'));
});

test('the first meaning of a payload type stays, and what was said about the later one goes with it', () => {
  const clash = sdp(
    'm=audio 4 RTP/AVP 8 101',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=rtpmap:101 opus/48000/2',
    'a=fmtp:101 useinbandfec=1',
    'a=rtcp-fb:101 nack',
    'a=fmtp:8 x',
    'a=sendrecv',
  );
  const clean = sdp(
    'm=audio 4 RTP/AVP 8 101',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=fmtp:8 x',
    'a=sendrecv',
  );
  assert.equal(withUniquePayloadTypes(clash), clean);
});

test('two streams may use the same payload type', () => {
  const two = sdp('m=audio 4 RTP/AVP 96', 'a=rtpmap:96 opus/48000/2', 'm=video 6 RTP/AVP 96', 'a=rtpmap:96 VP8/90000');
  assert.equal(withUniquePayloadTypes(two), two);
});

test('whatever the text, no clash is left, and text without one comes back as it is', () => {
  const line = fc.constantFrom(
    'm=audio 4 RTP/AVP 8 8 9',
    'm=audio 4 RTP/AVP 96',
    'a=rtpmap:96 a/8000',
    'a=rtpmap:96',
    'a=fmtp:96 b',
    'x',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(line).map((lines) => sdp(...lines)),
        fc.string(),
      ),
      (text) => {
        const clean = withUniquePayloadTypes(text);
        assert.equal(withUniquePayloadTypes(clean), clean);
        for (const { formats } of parseSdp(clean)?.media ?? []) assert.equal(new Set(formats).size, formats.length);
      },
    ),
  );
});
