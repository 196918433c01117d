import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../sip/headers.ts';
import { Request } from '../sip/message.ts';
import { sdpBody } from './sdp-body.ts';

const sdp = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n';

function carrying(contentType: string | undefined, body: string): Request {
  return new Request(
    'INVITE',
    'sip:a@b',
    Headers.from(contentType === undefined ? [] : [['CONTENT-TYPE', contentType]]),
    body,
  );
}

test('SDP alone, with parameters and in any case', () => {
  assert.equal(sdpBody(carrying('application/sdp', sdp)), sdp);
  assert.equal(sdpBody(carrying('Application/SDP; charset=utf-8', sdp)), sdp);
});

test('SDP as a part of a multipart, beside a location', () => {
  const body = `--b1\r\nContent-Type: application/pidf+xml\r\n\r\n<presence/>\r\n--b1\r\ncontent-type: application/sdp\r\n\r\n${sdp}\r\n--b1--\r\n`;
  for (const type of ['multipart/mixed;boundary=b1', 'multipart/mixed; boundary="b1"']) {
    assert.ok(sdpBody(carrying(type, body))?.startsWith(sdp));
  }
});

test('no SDP: another type, no type, a multipart without it, a boundary that is none', () => {
  assert.equal(sdpBody(carrying('text/plain', sdp)), undefined);
  assert.equal(sdpBody(carrying(undefined, sdp)), undefined);
  assert.equal(
    sdpBody(carrying('multipart/mixed;boundary=b1', '--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1--')),
    undefined,
  );
  assert.equal(sdpBody(carrying('multipart/mixed', sdp)), undefined);
  assert.equal(sdpBody(carrying('application/sdp', '')), undefined);
});
