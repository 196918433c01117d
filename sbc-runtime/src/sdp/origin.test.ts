import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sameButOrigin, withOrigin } from './origin.ts';

const sdp = (origin: string, rest = 's=-\r\n') => `v=0\r\n${origin}\r\n${rest}`;

test('user, id and version become ours, the address stays', () => {
  assert.equal(withOrigin(sdp('o=alice 12 7 IN IP4 192.0.2.1'), '99', 3), sdp('o=- 99 3 IN IP4 192.0.2.1'));
});

test('text without a whole o= line stays as it is', () => {
  for (const text of ['', 'v=0\r\n', 'v=0\r\no=-\r\n', 'v=0\r\ns=o=1 2 3 4\r\n'])
    assert.equal(withOrigin(text, '1', 1), text);
});

test('the same but for the o= line: its version does not count, everything else does', () => {
  assert.equal(sameButOrigin(sdp('o=- 1 1 IN IP4 192.0.2.1'), sdp('o=x 2 9 IN IP4 192.0.2.1')), true);
  assert.equal(sameButOrigin(sdp('o=- 1 1 IN IP4 192.0.2.1'), sdp('o=- 1 1 IN IP4 192.0.2.2')), false);
  assert.equal(sameButOrigin(sdp('o=- 1 1 IN IP4 192.0.2.1'), sdp('o=- 1 1 IN IP4 192.0.2.1', 's=other\r\n')), false);
  assert.equal(sameButOrigin(sdp('o=- 1 1 IN IP4 192.0.2.1'), ''), false);
});

test('whatever the text, an o= line of ours is all that changes', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(sameButOrigin(withOrigin(text, '5', 1), withOrigin(text, '5', 2)), true);
    }),
  );
});
