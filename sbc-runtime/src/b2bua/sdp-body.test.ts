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
    assert.equal(sdpBody(carrying(type, body)), sdp);
    // A sender that counts the line break before the delimiter as that of the last line.
    assert.equal(sdpBody(carrying(type, body.replace(`${sdp}\r\n--b1--`, `${sdp}--b1--`))), sdp);
  }
});

test('SDP in parts within parts, whose boundaries begin alike', () => {
  const inner = `--b-1\r\nContent-Type: text/plain\r\n\r\n--b\r\nnot SDP\r\n--b-1\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b-1--\r\n`;
  const body = `preamble\r\n--b \r\nContent-Type: text/plain\r\n\r\n--bb\r\n--b\r\nContent-Type: multipart/alternative;boundary=b-1\r\n\r\n${inner}--b--\r\n`;
  const found = sdpBody(carrying('multipart/mixed;boundary=b', body.replace('--b\r\nnot', 'not')));
  assert.equal(found, sdp);
  let deep = sdp;
  let type = 'application/sdp';
  for (let level = 0; level < 6; level++) {
    deep = `--l${level}\r\nContent-Type: ${type}\r\n\r\n${deep}\r\n--l${level}--`;
    type = `multipart/mixed;boundary=l${level}`;
  }
  assert.equal(sdpBody(carrying(type, deep)), undefined, 'too deep to be opened');
});

test('SDP that is longer than any may be is there, and nobody gets to read it', () => {
  const long = sdp.padEnd(32 * 1024 + 1, 'a');
  assert.equal(sdpBody(carrying('application/sdp', long)), '');
  assert.equal(sdpBody(carrying('application/sdp', long.slice(1))), long.slice(1));
  const part = `--b1\r\nContent-Type: application/sdp\r\n\r\n${long}\r\n--b1--\r\n`;
  assert.equal(sdpBody(carrying('multipart/mixed;boundary=b1', part)), '');
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
