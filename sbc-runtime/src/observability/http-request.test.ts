import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseRequestLine } from './http-request.ts';

const read = (head: string) => {
  const line = parseRequestLine(head);
  return line.ok ? [line.method, line.url.pathname, line.url.search] : line.status;
};

describe('The request line', () => {
  it('gives method, path and query', () => {
    assert.deepEqual(read('GET /calls/a%2Fb?messages HTTP/1.1\r\nHost: sbc'), ['GET', '/calls/a%2Fb', '?messages']);
    assert.deepEqual(read('HEAD http://sbc:8080/livez HTTP/1.0'), ['HEAD', '/livez', '']);
  });

  it('is refused where it is not one of HTTP/1', () => {
    assert.deepEqual(
      ['', 'GET /', 'GET  / HTTP/1.1', 'GET / HTTP/1.1 x', '\x16\x03\x01', 'GET http://[ HTTP/1.1'].map(read),
      [400, 400, 400, 400, 400, 400],
    );
    assert.equal(read('PRI * HTTP/2.0'), 505);
    assert.equal(read(`${'G'.repeat(17)} / HTTP/1.1`), 400);
    assert.equal(read(`GET /${'x'.repeat(2048)} HTTP/1.1`), 414);
  });

  it('is read or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), (head) => {
        const line = parseRequestLine(head);
        assert.equal(typeof line.ok, 'boolean');
      }),
    );
  });
});
