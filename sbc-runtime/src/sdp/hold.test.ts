import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseSdp } from './description.ts';
import { withPlainHold } from './hold.ts';
import { direction } from './sdp.ts';

const head = (connection: string, origin = 'IN IP4 192.0.2.1') =>
  ['v=0', `o=- 1 1 ${origin}`, 's=-', `c=${connection}`, 't=0 0'].join('\r\n');
const sdp = (connection: string, ...media: string[]) => `${[head(connection), ...media].join('\r\n')}\r\n`;
const real = 'IN IP4 192.0.2.1';
const zero = 'IN IP4 0.0.0.0';

suite('withPlainHold', () => {
  const said: [string, string, string][] = [
    ['the session’s address is 0.0.0.0', sdp(zero, 'm=audio 4 RTP/AVP 8'), 'sendonly'],
    ['the stream’s address is 0.0.0.0', sdp(real, 'm=audio 4 RTP/AVP 8', `c=${zero}`), 'sendonly'],
    ['the same with sendrecv (RFC 2543)', sdp(zero, 'm=audio 4 RTP/AVP 8', 'a=sendrecv'), 'sendonly'],
    ['the same with recvonly', sdp(zero, 'm=audio 4 RTP/AVP 8', 'a=recvonly'), 'inactive'],
    ['the same with inactive', sdp(zero, 'm=audio 4 RTP/AVP 8', 'a=inactive'), 'inactive'],
    ['the only stream has port 0', sdp(real, 'm=audio 0 RTP/AVP 8', 'a=sendrecv'), 'inactive'],
    ['the address is ::', sdp('IN IP6 ::', 'm=audio 4 RTP/AVP 8'), 'sendonly'],
    ['the address is :: in full', sdp('IN IP6 0:0:0:0:0:0:0:0', 'm=audio 4 RTP/AVP 8'), 'sendonly'],
  ];
  for (const [what, text, wanted] of said) {
    test(`${what}: ${wanted}`, () => {
      const plain = withPlainHold(text);
      assert.equal(direction(plain), wanted);
      assert.notEqual(parseSdp(plain)?.media[0]?.port, 0);
      assert.equal(withPlainHold(plain), plain);
    });
  }

  test('an unspecified address keeps the family that the description comes from', () => {
    assert.ok(withPlainHold(sdp('IN IP6 ::', 'm=audio 4 RTP/AVP 8')).includes('\r\nc=IN IP4 0.0.0.0\r\n'));
    const six = `${head(zero, 'IN IP6 2001:db8::1')}\r\nm=audio 4 RTP/AVP 8\r\n`;
    assert.ok(withPlainHold(six).includes('\r\nc=IN IP6 ::\r\n'));
  });

  test('what says no hold, or says it plainly, comes back as it is', () => {
    for (const text of [
      sdp(real, 'm=audio 4 RTP/AVP 8', 'a=sendonly'),
      sdp('IN IP4 10.0.0.0', 'm=audio 4 RTP/AVP 8'),
      sdp(real, 'm=audio 0 RTP/AVP 8', 'm=image 4 udptl t38'),
      sdp(real, 'm=audio 4 RTP/AVP 8', 'm=video 0 RTP/AVP 96', `c=${zero}`, 'a=sendrecv'),
      'no description of 0.0.0.0',
    ])
      assert.equal(withPlainHold(text), text);
  });
});

test('no text makes it throw, and it changes nothing the second time', () => {
  const line = fc.constantFrom(
    'm=audio 0 RTP/AVP 8',
    'm=audio 4 RTP/AVP 8',
    `c=${zero}`,
    'c=IN IP6 ::',
    'a=recvonly',
    'a=x',
    '',
  );
  const text = fc.oneof(
    fc.array(line).map((lines) => sdp(zero, ...lines)),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (any) => {
      const plain = withPlainHold(any);
      assert.equal(withPlainHold(plain), plain);
    }),
  );
});
