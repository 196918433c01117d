import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rtpPacket, SrtpReceiver, SrtpSender } from './srtp.ts';

// As libsrtp's own test does it (srtp_driver.c, srtp_validate): key, RTP packet and SRTP packet are published there.
const KEY = 'e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6';
const PLAIN = '800f1234decafbadcafebabeabababababababababababababababab';
const SEALED = '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb';

test('a packet is sealed and opened as libsrtp does it', () => {
  const inline = Buffer.from(KEY, 'hex').toString('base64');
  assert.equal(new SrtpSender(inline).seal(Buffer.from(PLAIN, 'hex')).toString('hex'), SEALED);
  assert.equal(new SrtpReceiver(inline).open(Buffer.from(SEALED, 'hex'))?.toString('hex'), PLAIN);
});

test('a stream goes on after its sequence numbers have wrapped; another key or counter opens nothing', () => {
  const [inline, other] = ['A', 'B'].map((letter) => Buffer.from(letter.repeat(30)).toString('base64')) as [
    string,
    string,
  ];
  const [sender, receiver] = [new SrtpSender(inline), new SrtpReceiver(inline)];
  for (const sequence of [65_534, 65_535, 65_536, 65_537]) {
    const packet = rtpPacket(1, sequence, Buffer.from('tone'));
    assert.deepEqual(receiver.open(sender.seal(packet)), packet);
  }
  assert.deepEqual([sender.rollover, receiver.rollover], [1, 1]);
  const next = sender.seal(rtpPacket(1, 2, Buffer.from('tone')));
  assert.equal(new SrtpReceiver(inline).open(next), undefined);
  assert.equal(new SrtpReceiver(other).open(next), undefined);
});
