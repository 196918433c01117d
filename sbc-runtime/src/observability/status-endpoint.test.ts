/** What the operator gets from `/status`, and what anybody else does. Real sockets, real TLS. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { silentLog } from '../kernel/log.ts';
import { selfSigned, type SelfSigned } from '../kernel/testing/self-signed.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { StatusEndpoint } from './status-endpoint.ts';

const ADDRESS = '127.78.5.1';
const NAME = 'status.teams-sbc.internal';
const TOKEN = 'a'.repeat(64);
const bearer = (token: string) => `Authorization: Bearer ${token}\r\n`;

describe('The status endpoint', () => {
  let identity: SelfSigned;
  let renewed: SelfSigned;
  before(() => {
    identity = selfSigned(`DNS:${NAME}`);
    renewed = selfSigned(`DNS:${NAME}`);
  });

  async function raise(t: TestContext, files: { token?: string } = { token: TOKEN }) {
    const directory = mkdtempSync(join(tmpdir(), 'sbc-status-'));
    const write = ({ certificate, key }: SelfSigned, token: string) => {
      writeFileSync(join(directory, 'tls.crt'), certificate);
      writeFileSync(join(directory, 'tls.key'), key);
      writeFileSync(join(directory, 'token'), `${token}\n`);
    };
    if (files.token !== undefined) write(identity, files.token);
    const clock = new VirtualClock();
    const problems: string[] = [];
    const log = { ...silentLog, error: (_: string, facts?: object) => void problems.push(JSON.stringify(facts)) };
    const report = () => ({ all: 'x'.repeat(1_000_000) });
    const drain = { isOn: false, ends: 0 };
    const endCalls = () => (drain.ends += drain.isOn ? 1 : 0) > 0;
    const endpoint = new StatusEndpoint({
      ...{ address: ADDRESS, port: 0, directory, clock, log, report, endCalls },
      summary: () => ({ hash: 'sha256:1' }),
    });
    await endpoint.start();
    const sockets: Socket[] = [];
    t.after(async () => {
      for (const socket of sockets) socket.destroy();
      await endpoint.close();
      rmSync(directory, { recursive: true });
    });
    const dial = (ca = identity.certificate, localAddress = '127.78.5.2'): TLSSocket => {
      const socket = connect({ host: ADDRESS, port: endpoint.port, localAddress });
      socket.on('error', () => undefined);
      const tls = connectTls({ socket, ca, servername: NAME });
      sockets.push(tls);
      return tls;
    };
    /** All that is said, or why nothing was. */
    const ask = async (head: string, ca?: string, localAddress?: string) => {
      const tls = dial(ca, localAddress);
      let [said, why] = ['', ''];
      tls.on('data', (piece: Buffer) => (said += piece.toString('latin1')));
      tls.on('error', (error) => (why = error.message));
      tls.write(`${head}\r\n`);
      await once(tls, 'close').catch(() => undefined);
      return said === '' ? why : said;
    };
    const get = (path: string, headers = bearer(TOKEN)) => ask(`GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}`);
    return { clock, endpoint, problems, write, ask, get, sockets, drain };
  }

  it('tells whoever has the token', async (t) => {
    const { get } = await raise(t);
    assert.match(await get('/status/summary'), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"hash":"sha256:1"\}\n$/);
    const whole = await get('/status');
    assert.equal(whole.length - whole.indexOf('\r\n\r\n') - 4, 1_000_011);
    assert.match(await get('/other'), /^HTTP\/1\.1 404 /);
  });

  it('is asked to end the calls of a pod that drains, as often as one likes', async (t) => {
    const { ask, drain } = await raise(t);
    drain.isOn = true;
    const post = () => ask(`POST /calls/end HTTP/1.1\r\n${bearer(TOKEN)}Content-Length: 0\r\n`);
    assert.match(await post(), /^HTTP\/1\.1 202 /);
    assert.match(await post(), /^HTTP\/1\.1 202 /);
    assert.equal(drain.ends, 2);
  });

  it('ends no call of a pod that does not drain, by another method, at another path, or for a stranger', async (t) => {
    const { ask, drain } = await raise(t);
    const say = (line: string, headers = bearer(TOKEN)) => ask(`${line} HTTP/1.1\r\n${headers}`);
    assert.match(await say('POST /calls/end'), /^HTTP\/1\.1 409 [^]*does not drain/);
    drain.isOn = true;
    assert.match(await say('GET /calls/end'), /^HTTP\/1\.1 405 /);
    assert.match(await say('DELETE /calls/end'), /^HTTP\/1\.1 405 /);
    for (const path of ['/calls/end/', '/calls', '/status'])
      assert.match(await say(`POST ${path}`), /^HTTP\/1\.1 405 /);
    assert.match(await say('POST /calls/end', ''), /^HTTP\/1\.1 401 /);
    assert.equal(drain.ends, 0);
  });

  it('tells nobody else anything, not even which paths there are', async (t) => {
    const { ask } = await raise(t);
    const wrong = [
      ...['', bearer('b'.repeat(64)), bearer(`${TOKEN}a`), bearer(TOKEN.slice(1)), `Authorization: ${TOKEN}\r\n`],
      ...[bearer(TOKEN) + bearer('b'), `X-${bearer(TOKEN)}`],
    ].flatMap((headers) => [`GET /status HTTP/1.1\r\n${headers}`, `POST /nothing HTTP/1.1\r\n${headers}`]);
    const answers = await Promise.all(wrong.map((head, at) => ask(head, undefined, `127.78.5.${100 + at}`)));
    const firsts = new Set(answers.map((said) => said.replace(/Date: [^\r]*/, '')));
    assert.equal(firsts.size, 1);
    assert.match(answers[0] ?? '', /^HTTP\/1\.1 401 [^]*WWW-Authenticate: Bearer\r\n[^]*\r\n\r\nUnauthorized\n$/);
  });

  it('takes a new certificate, key and token while it runs; the token before it goes on', async (t) => {
    const { endpoint, write, ask } = await raise(t);
    write(renewed, 'c'.repeat(64));
    endpoint.reload();
    const head = (token: string) => `GET /status/summary HTTP/1.1\r\n${bearer(token)}`;
    assert.match(await ask(head('c'.repeat(64))), /self-signed certificate/);
    for (const token of ['c'.repeat(64), TOKEN])
      assert.match(await ask(head(token), renewed.certificate), /^HTTP\/1\.1 200 /);
    write(renewed, 'd'.repeat(64));
    endpoint.reload();
    assert.match(await ask(head(TOKEN), renewed.certificate), /^HTTP\/1\.1 401 /);
  });

  it('half a Secret leaves what is in force, and is told once', async (t) => {
    const { endpoint, write, get, problems } = await raise(t);
    write({ certificate: renewed.certificate, key: identity.key }, TOKEN);
    endpoint.reload();
    endpoint.reload();
    assert.equal(problems.length, 1);
    assert.doesNotMatch(problems[0] ?? '', /PRIVATE/);
    assert.match(await get('/status/summary'), /^HTTP\/1\.1 200 /);
  });

  it('listens without a Secret, lets nobody in, and serves once it is there', async (t) => {
    const { endpoint, write, get, problems } = await raise(t, {});
    assert.equal(problems.length, 1);
    assert.match(await get('/status/summary'), /before secure TLS connection|ECONNRESET/);
    write(identity, TOKEN);
    endpoint.reload();
    assert.match(await get('/status/summary'), /^HTTP\/1\.1 200 /);
  });

  it('a client that does not shake hands, or that talks plain HTTP, is gone within seconds', async (t) => {
    const { clock, endpoint, sockets } = await raise(t);
    const plain = connect({ host: ADDRESS, port: endpoint.port });
    const silent = connect({ host: ADDRESS, port: endpoint.port });
    sockets.push(plain, silent);
    plain.on('error', () => undefined);
    silent.on('error', () => undefined);
    const gone = Promise.all([once(plain, 'close'), once(silent, 'close')]);
    await Promise.all([once(plain, 'connect'), once(silent, 'connect')]);
    plain.write('GET /status HTTP/1.1\r\n\r\n');
    await once(plain, 'close').catch(() => undefined);
    clock.advance(4000);
    await gone;
    // Our end hears of it first.
    while (endpoint.connections > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('strangers use up their own handshakes and not those of the operator', async (t) => {
    const { clock, ask, get } = await raise(t);
    assert.match(await get('/status/summary'), /^HTTP\/1\.1 200 /);
    clock.advance(1000);
    let taken = 0;
    for (let address = 10; address < 30; address += 1)
      for (let at = 0; at < 5; at += 1)
        if ((await ask('GET /status HTTP/1.1\r\n', undefined, `127.78.5.${address}`)).startsWith('HTTP/1.1 401'))
          taken += 1;
    assert.equal(taken, 40);
    assert.match(await get('/status/summary'), /^HTTP\/1\.1 200 /);
    clock.advance(1000);
    assert.match(await ask('GET /status HTTP/1.1\r\n', undefined, '127.78.5.10'), /^HTTP\/1\.1 401/);
  });
});
