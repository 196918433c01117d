import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { callIdIn } from './call-id-scan.ts';

const scan = (text: string) => {
  // Of its neighbours in the ring nothing may be read.
  const octets = Buffer.from(`Call-ID: before\r\n${text}d: after\r\n:`, 'latin1');
  return callIdIn(octets, 17, 17 + text.length);
};
const message = (line: string) => `INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c\r\n${line}\r\nCSeq: 1 INVITE\r\n\r\n`;

describe('The Call-ID of unparsed octets', () => {
  it('is the whole value of the header, in its full and its compact form', () => {
    const lines = ['Call-ID: a@b', 'call-id:a@b', 'CALL-ID \t:\t a@b \t', 'i: a@b', 'I:a@b', 'Call-ID:\r\n  a@b'];
    for (const line of lines) assert.equal(scan(message(line)), 'a@b', line);
  });

  it('is the same behind empty lines, and where the text ends with it', () => {
    assert.equal(scan(`\r\n\r\n${message('i: a')}`), 'a');
    assert.equal(scan('OPTIONS sip:a SIP/2.0\r\nCall-ID: a'), 'a');
  });

  it('is no part of another line, of the start line or of the body', () => {
    assert.equal(scan(message('X-Call-ID: a')), undefined);
    assert.equal(scan(message('Call-IDs: a')), undefined);
    assert.equal(scan(message('Subject: x\n Call-ID: a')), undefined);
    assert.equal(scan(message('In-Reply-To: a')), undefined);
    assert.equal(scan('i: a\r\nVia: b\r\n\r\n'), undefined);
    assert.equal(scan(`${message('Subject: x')}\r\nCall-ID: a\r\n`), undefined);
    assert.equal(scan(message('Subject: a\r\ni: real')), 'real');
  });

  it('is never taken from the message behind, wherever this one is cut', () => {
    const text = message('Call-ID: abc');
    for (let end = 0; end < text.length; end += 1) {
      const found = scan(text.slice(0, end));
      assert.ok(found === undefined || 'abc'.startsWith(found), `cut at ${end}: ${String(found)}`);
    }
  });

  it('is found or not, whatever the octets are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const found = callIdIn(Buffer.from(octets), 0, octets.length);
        assert.ok(found === undefined || found.length <= octets.length);
      }),
    );
  });
});
