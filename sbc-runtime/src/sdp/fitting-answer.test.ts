import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { fittingAnswer } from './fitting-answer.ts';
import { direction } from './sdp.ts';

const head = (connection: string, origin = 'IN IP4 192.0.2.1') =>
  ['v=0', `o=- 1 1 ${origin}`, 's=-', `c=${connection}`, 't=0 0'].join('\r\n');
const sdp = (connection: string, ...media: string[]) => `${[head(connection), ...media].join('\r\n')}\r\n`;
const real = 'IN IP4 192.0.2.1';
const zero = 'IN IP4 0.0.0.0';

suite('fittingAnswer', () => {
  const stream = (word: string, port = 4) => sdp(real, `m=audio ${port} RTP/AVP 8`, `a=${word}`);
  const table: [string, string, string][] = [
    ['sendrecv', 'sendrecv', 'sendrecv'],
    ['sendrecv', 'inactive', 'inactive'],
    ['sendonly', 'sendrecv', 'recvonly'],
    ['sendonly', 'inactive', 'inactive'],
    ['sendonly', 'sendonly', 'inactive'],
    ['recvonly', 'sendrecv', 'sendonly'],
    ['recvonly', 'inactive', 'inactive'],
    ['inactive', 'sendrecv', 'inactive'],
    ['inactive', 'recvonly', 'inactive'],
  ];
  for (const [offered, answered, wanted] of table) {
    test(`${answered} to ${offered} is ${wanted}`, () => {
      const fitting = fittingAnswer(stream(offered), stream(answered));
      assert.equal(direction(fitting), wanted);
      if (answered === wanted) assert.equal(fitting, stream(answered));
    });
  }

  test('a stream that was offered with port 0 stays refused, the others stand', () => {
    const answer = sdp(real, 'm=audio 4 RTP/AVP 8', 'm=video 6 RTP/AVP 31');
    const fitting = fittingAnswer(sdp(real, 'm=audio 0 RTP/AVP 8', 'm=video 2 RTP/AVP 31'), answer);
    assert.equal(fitting, sdp(real, 'm=audio 0 RTP/AVP 8', 'm=video 6 RTP/AVP 31'));
  });

  test('a stream that is not the first, or says no more than its port, is seen to be refused', () => {
    const answer = sdp(real, 'm=audio 4 RTP/AVP 8', 'm=video 6 RTP/AVP 31', 'm=image 8 udptl t38');
    const offer = sdp(real, 'm=audio 4 RTP/AVP 8', 'm=video 2 RTP/AVP 31', 'm=image 0 udptl t38');
    assert.equal(fittingAnswer(offer, answer), answer.replace('m=image 8', 'm=image 0'));
    for (const wordless of ['\r\nm=\r\nm=audio', '\r\nm=audio\r\n 0', '\nm= 0'])
      assert.equal(fittingAnswer(wordless, answer), answer);
  });

  test('without an offer, or with one that cannot be read, the answer stands', () => {
    assert.equal(fittingAnswer('', stream('sendrecv')), stream('sendrecv'));
    assert.equal(fittingAnswer('a=inactive', stream('sendrecv')), stream('sendrecv'));
    assert.equal(fittingAnswer(stream('inactive'), 'nothing'), 'nothing');
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
    fc.property(text, text, (one, other) => {
      const fitting = fittingAnswer(one, other);
      assert.equal(fittingAnswer(one, fitting), fitting);
    }),
  );
});
