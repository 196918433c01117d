import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { systemClock } from '../kernel/clock.ts';
import type { StatusSecret } from '../objects/status-secret.ts';
import { certificatesOf, isUsable, makeStatusSecret } from '../sbc-instance/status-certificate.ts';
import { NotOurs, StatusClient } from './status-client.ts';

const nowMs = Date.now();
let drawn = 0;
const entropy = { hex: (bytes: number) => (++drawn).toString(16).padStart(bytes * 2, '0') };
const client = new StatusClient({ clock: systemClock });
let secret: StatusSecret;
let server: Server;
let port: number;
let drains = true;

before(async () => {
  secret = await makeStatusSecret({}, { nowMs, entropy });
  server = createServer({ cert: secret.crt, key: secret.key }, (request, response) => {
    if (request.headers.authorization !== `Bearer ${secret.token}`) response.writeHead(401).end();
    else if (request.method === 'POST') response.writeHead(request.url === '/calls/end' && drains ? 202 : 409).end();
    else if (request.url === '/status') response.end('x'.repeat(2000));
    else response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => {
  client.close();
  server.close();
  server.closeAllConnections();
});

const question = { address: '127.0.0.1', path: '/status/summary', maxLength: 1000 } as const;
const ask = (certificates: readonly string[], token: string) =>
  client.ask({ ...question, port }, { certificates, token });

test('a pod with the certificate and token of the instance is heard', async () => {
  assert.equal(await ask(certificatesOf(secret.crt), secret.token), '{}');
});

test('a pod that drains is asked to end its calls; another refuses, and that is told', async () => {
  const place = { address: '127.0.0.1', port };
  const credentials = { certificates: certificatesOf(secret.crt), token: secret.token };
  await client.endCalls(place, credentials);
  drains = false;
  await assert.rejects(client.endCalls(place, credentials), /it answered 409/);
  await assert.rejects(client.endCalls(place, { ...credentials, token: 'wrong' }), /does not take the token/);
});

test('a pod with another certificate of the same name is not', async () => {
  const other = await makeStatusSecret({}, { nowMs, entropy });
  await assert.rejects(ask(certificatesOf(other.crt), secret.token), (error) => {
    assert.ok(error instanceof NotOurs);
    assert.equal(error.message, 'it shows another certificate than its status Secret holds');
    return true;
  });
});

test('a pod that began with a former Secret is heard by what that held, and is told to end its calls', async () => {
  const other = await makeStatusSecret({}, { nowMs, entropy });
  const former = [{ certificates: certificatesOf(secret.crt), token: secret.token }];
  const credentials = { certificates: certificatesOf(other.crt), token: other.token, former };
  assert.equal(await client.ask({ ...question, port }, credentials), '{}');
  drains = true;
  await client.endCalls({ address: '127.0.0.1', port }, credentials);
  // Its certificate is the one of today, its token is not yet.
  const mounted = { certificates: certificatesOf(secret.crt), token: other.token, former };
  assert.equal(await client.ask({ ...question, port }, mounted), '{}');
  const stranger = client.ask({ ...question, port }, { certificates: certificatesOf(other.crt), token: secret.token });
  await assert.rejects(stranger, NotOurs);
});

test('a pod that does not take our token, or says too much, has not answered', async () => {
  await assert.rejects(ask(certificatesOf(secret.crt), 'wrong'), /does not take the token of its status Secret/);
  const long = client.ask(
    { ...question, path: '/status', port },
    { ...secret, certificates: certificatesOf(secret.crt) },
  );
  await assert.rejects(long, /longer than 1000 octets/);
});

test('a renewed Secret keeps the token, and pods that still show the former certificate are heard', async () => {
  const later = nowMs + 340 * 86_400_000;
  assert.ok(isUsable(secret, nowMs));
  assert.ok(!isUsable(secret, later));
  const renewed = await makeStatusSecret(secret, { nowMs, entropy });
  assert.equal(renewed.token, secret.token);
  assert.equal(certificatesOf(renewed.crt).length, 2);
  assert.ok(isUsable(renewed, nowMs));
  assert.equal(await ask(certificatesOf(renewed.crt), renewed.token), '{}');
});

test('a Secret with another key, without a token or with rubbish is made anew', async () => {
  const other = await makeStatusSecret({}, { nowMs, entropy });
  assert.ok(!isUsable({ ...secret, key: other.key }, nowMs));
  assert.ok(!isUsable({ ...secret, token: '' }, nowMs));
  assert.ok(!isUsable({ crt: 'rubbish', key: '', token: secret.token }, nowMs));
});
