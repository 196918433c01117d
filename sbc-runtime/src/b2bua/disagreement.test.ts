import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disagreement, isUsableAnswer, type BothSides } from './disagreement.ts';

const sdp = (formats: string, direction = 'sendrecv', port = 4000) =>
  `v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${formats}\r\na=rtpmap:101 telephone-event/8000\r\na=${direction}\r\n`;
const content: BothSides = {
  answer: sdp('8 101'),
  wouldHear: 'sendrecv',
  heard: 'sendrecv',
  agreed: sdp('8 101'),
  otherHolds: false,
};

test('two that hear each other as before: nobody is asked', () => {
  assert.equal(disagreement(content), 'None');
  assert.equal(disagreement({ ...content, answer: sdp('0 8 101'), agreed: sdp('8 0 101') }), 'None');
});

test('one sends first what the other does not take: a codec must be agreed on', () => {
  assert.equal(disagreement({ ...content, answer: sdp('0 101') }), 'Codec');
  assert.equal(disagreement({ ...content, answer: sdp('0 8 101') }), 'Codec');
  assert.equal(disagreement({ ...content, agreed: sdp('0 8 101') }), 'Codec');
});

test('hold or resume that the other has not heard of', () => {
  assert.equal(disagreement({ ...content, wouldHear: 'inactive' }), 'Direction');
  assert.equal(disagreement({ ...content, heard: 'inactive', agreed: sdp('8 101', 'inactive') }), 'Direction');
});

test('who holds needs no telling; only the relay has heard more than was said', () => {
  const held = { ...content, heard: 'inactive' as const, agreed: sdp('8 101', 'inactive') };
  assert.equal(disagreement({ ...held, otherHolds: true }), 'RelayOnly');
  assert.equal(disagreement({ ...held, wouldHear: 'inactive' }), 'RelayOnly');
});

test('an answer can be used where it takes the audio with a voice codec that was offered', () => {
  const offer = sdp('8 0 101');
  assert.equal(isUsableAnswer(offer, sdp('0 101')), true);
  assert.equal(isUsableAnswer(offer, sdp('8', 'inactive')), true);
  assert.equal(isUsableAnswer(offer, sdp('18 101')), false);
  assert.equal(isUsableAnswer(offer, sdp('101')), false);
  assert.equal(isUsableAnswer(offer, sdp('8 101', 'sendrecv', 0)), false);
  assert.equal(isUsableAnswer(offer, 'v=0 nonsense'), false);
});
