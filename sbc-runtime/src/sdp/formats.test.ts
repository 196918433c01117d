import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voiceCodecs, withFormatsOf, withOneVoiceCodec } from './formats.ts';

const sdp = (formats: string, ...attributes: string[]) =>
  ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', `m=audio 4000 RTP/AVP ${formats}`, ...attributes, ''].join('\r\n'); // prettier-ignore
const event = 'a=rtpmap:101 telephone-event/8000';

test('voice is what is neither DTMF nor comfort noise', () => {
  assert.deepEqual(voiceCodecs(sdp('8 0 13 101', event)), ['pcma', 'pcmu']);
  assert.deepEqual(voiceCodecs('no description'), []);
});

test('the codecs of another description come behind, with their lines', () => {
  const other = sdp('0 111 8 96', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1', 'a=rtpmap:96 telephone-event/8000'); // prettier-ignore
  assert.equal(
    withFormatsOf(sdp('8 101', event, 'a=sendrecv'), other),
    sdp('8 101 0 111', event, 'a=sendrecv', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 useinbandfec=1'),
  );
});

test('a payload type that is taken, a format that nothing names, and a known codec stay behind', () => {
  const one = sdp('8 101', event);
  assert.equal(withFormatsOf(one, sdp('101 97 98', 'a=rtpmap:101 opus/48000/2', 'a=rtpmap:98 PCMA/8000')), one);
  assert.equal(withFormatsOf(one, 'no description'), one);
  assert.equal(withFormatsOf('no description', one), 'no description');
});

test('lines of a second section stay where they are', () => {
  const video = 'm=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n';
  assert.equal(
    withFormatsOf(sdp('8') + video, sdp('0', 'a=rtpmap:0 PCMU/8000')),
    sdp('8 0', 'a=rtpmap:0 PCMU/8000') + video,
  );
  assert.equal(withOneVoiceCodec(sdp('8 96', 'a=rtpmap:96 opus/48000/2') + video, 'pcma'), sdp('8') + video);
});

test('one voice codec: the others go with their lines, DTMF and comfort noise stay', () => {
  const all = sdp(
    '8 0 13 101 18',
    'a=rtpmap:8 PCMA/8000',
    event,
    'a=fmtp:101 0-16',
    'a=fmtp:18 annexb=no',
    'a=ptime:20',
  );
  assert.equal(withOneVoiceCodec(all, 'pcmu'), sdp('0 13 101', event, 'a=fmtp:101 0-16', 'a=ptime:20'));
  assert.equal(withOneVoiceCodec(sdp('8 101', event), 'pcma'), sdp('8 101', event));
});

test('where the codec is not there, nothing is taken away', () => {
  assert.equal(withOneVoiceCodec(sdp('8 101', event), 'opus'), sdp('8 101', event));
  assert.equal(withOneVoiceCodec('no description', 'pcma'), 'no description');
});
