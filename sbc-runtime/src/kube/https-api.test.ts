/** The client against a real HTTPS server that does what API servers and the paths to them do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { selfSigned, type SelfSigned } from '../kernel/testing/self-signed.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { HttpsApi } from './https-api.ts';
import { failureText, type ApiFailure } from './kube-api.ts';

const ADDRESS = '127.78.4.1';

describe('The client of the API server', () => {
  let identity: SelfSigned;
  let folder: string;
  let api: HttpsApi;
  let clock: VirtualClock;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let sockets = 0;
  const server = createServer((request, response) => answer(request, response));

  before(async () => {
    identity = selfSigned(`IP:${ADDRESS}`);
    server.setSecureContext({ cert: identity.certificate, key: identity.key });
    server.on('secureConnection', () => (sockets += 1));
    await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
    folder = mkdtempSync(join(tmpdir(), 'sbc-account-'));
    writeFileSync(join(folder, 'ca.crt'), identity.certificate);
    writeFileSync(join(folder, 'token'), 'one\n');
    clock = new VirtualClock();
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    api = new HttpsApi({ url: `https://${ADDRESS}:${port}`, credentials: folder, userAgent: 'test', clock });
  });

  after(() => {
    api.close();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const get = async (path = '/'): Promise<unknown> => {
    const answered = await api.get(path);
    return answered.ok ? answered.value : failureText(answered.failure);
  };

  /** All that a watch hears until it ends. */
  const watch = (act: (close: () => void) => void = () => undefined) =>
    new Promise<{ heard: string[]; failure: ApiFailure | undefined }>((resolve) => {
      const heard: string[] = [];
      const watching = api.watch('/watch', {
        onOpened: () => heard.push('opened'),
        onEvent: (type, object) => heard.push(`${type} ${JSON.stringify(object)}`),
        onEnded: (failure) => resolve({ heard, failure }),
      });
      act(() => watching.close());
    });

  it('keeps its connection, and reads the token again for each request', async () => {
    const tokens: (string | undefined)[] = [];
    answer = (request, response) => {
      tokens.push(request.headers.authorization);
      response.end('{"a":1}');
    };
    const first = sockets;
    assert.deepEqual(await get(), { a: 1 });
    writeFileSync(join(folder, 'token'), 'two\n');
    assert.deepEqual(await get(), { a: 1 });
    assert.deepEqual([tokens, sockets - first], [['Bearer one', 'Bearer two'], 1]);
  });

  it('tells a refusal by its status, the words of the server and the wait that it wishes', async () => {
    answer = (_, response) => {
      response.writeHead(429, { 'Retry-After': '7' }).end('{"kind":"Status","message":"slow down"}');
    };
    const answered = await api.get('/');
    assert.deepEqual(answered, {
      ok: false,
      failure: { kind: 'status', status: 429, reason: 'slow down', retryAfterSeconds: 7 },
    });
  });

  it('an answer without end, without JSON, or without any octet is a failure', async () => {
    answer = (_, response) => void response.end('not json');
    assert.equal(await get(), 'an answer that is no JSON');
    answer = (_, response) => void response.end(Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
    assert.equal(await get(), 'an answer of more than 4194304 octets');
    answer = (request) => void request.socket.destroy();
    assert.match(String(await get()), /socket hang up|ECONNRESET/);
    answer = () => clock.advance(15_000);
    assert.equal(await get(), 'no answer in 15 s');
  });

  it('a server that another authority vouches for is not spoken to', async () => {
    writeFileSync(join(folder, 'ca.crt'), selfSigned(`IP:${ADDRESS}`).certificate);
    let isAsked = false;
    answer = () => (isAsked = true);
    assert.match(String(await get()), /self-signed certificate|unable to verify/);
    assert.equal(isAsked, false);
    writeFileSync(join(folder, 'ca.crt'), '-----BEGIN CERTIFICATE-----\nhalf');
    assert.match(String(await get()), /PEM|end line|self-signed|unable/);
    assert.equal((await watch()).failure?.kind, 'unreachable');
    writeFileSync(join(folder, 'ca.crt'), identity.certificate);
  });

  it('without a token nothing is sent, and the file is named', async () => {
    rmSync(join(folder, 'token'));
    assert.match(String(await get()), /ENOENT.*token/);
    const { failure } = await watch();
    assert.match(failure?.kind === 'unreachable' ? failure.reason : '', /ENOENT.*token/);
    writeFileSync(join(folder, 'token'), 'a\r\nb');
    assert.match(String(await get()), /holds no token/);
    writeFileSync(join(folder, 'token'), 'three');
  });

  it('a watch tells events as they come, cut anywhere, and that the server has ended it', async () => {
    answer = (_, response) => {
      response.write('{"type":"ADDED","object":{"n":"é');
      response.write('"}}\n{"type":"BOOKMARK","object":1}\n');
      response.end();
    };
    assert.deepEqual(await watch(), { heard: ['opened', 'ADDED {"n":"é"}', 'BOOKMARK 1'], failure: undefined });
  });

  it('410 as a status and 410 in the stream are the same failure', async () => {
    answer = (_, response) => void response.writeHead(410).end('{"message":"too old"}');
    const asStatus = await watch();
    answer = (_, response) =>
      void response.end('{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}\n');
    const inStream = await watch();
    assert.deepEqual(asStatus.failure, inStream.failure);
    assert.deepEqual(inStream.heard, ['opened']);
  });

  it('a watch that is reset, that talks nonsense or sends a line without end ends with a failure', async () => {
    answer = (request, response) => {
      response.write('{"type":"ADDED","object":1}\n', () => request.socket.destroy());
    };
    assert.equal((await watch()).failure?.kind, 'unreachable');
    answer = (_, response) => void response.write('nonsense\n');
    assert.deepEqual((await watch()).failure, { kind: 'unreachable', reason: 'an event of a watch that is no JSON' });
    answer = (_, response) => void response.write(Buffer.alloc(4 * 1024 * 1024 + 1, ' '));
    assert.deepEqual((await watch()).failure, { kind: 'unreachable', reason: 'an event of a watch that is too long' });
    answer = () => clock.advance(10_000);
    assert.deepEqual((await watch()).failure, { kind: 'unreachable', reason: 'no answer in 10 s' });
  });

  it('a watch that was closed says nothing more, and leaves no timer', async () => {
    const ended = new Promise<void>((resolve) => {
      answer = (request, response) => {
        request.socket.once('close', () => resolve());
        response.write('{"type":"ADDED","object":1}\n');
      };
    });
    const watching = api.watch('/watch', {
      onOpened: () => undefined,
      onEvent: () => watching.close(),
      onEnded: () => assert.fail('it was closed'),
    });
    await ended;
    assert.equal(clock.pending, 0);
  });
});
