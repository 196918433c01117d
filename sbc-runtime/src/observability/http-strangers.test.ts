/** What anybody on the network may do to the endpoints, on real sockets. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { HttpEndpoints } from './http-endpoints.ts';

const ADDRESS = '127.78.0.2';
const KUBELET = '127.78.0.3';

async function started(t: TestContext, body = 'sbc_calls_active 1\n') {
  const clock = new VirtualClock();
  let renderings = 0;
  const metrics = {
    contentType: 'text/plain',
    text: async () => {
      renderings += 1;
      return body;
    },
  };
  const unreadyReasons = () => [];
  const endpoints = new HttpEndpoints({ address: ADDRESS, port: 0, unreadyReasons, metrics, clock, log: silentLog });
  await endpoints.start();
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await endpoints.close();
  });
  const dial = async (localAddress: string, allowHalfOpen = false) => {
    const socket = connect({ port: endpoints.port, host: ADDRESS, localAddress, allowHalfOpen });
    sockets.push(socket);
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    await once(socket, 'connect');
    return { socket, closed };
  };
  /** All that comes until the connection is closed. */
  const say = async (text: string, localAddress = KUBELET) => {
    const { socket, closed } = await dial(localAddress);
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.write(text);
    await closed;
    return said;
  };
  return { clock, endpoints, dial, say, renderings: () => renderings };
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const replies = (said: string) => said.match(/HTTP\/1\.1 \d+ [^\r]*/g) ?? [];

describe('Strangers at the HTTP endpoints', () => {
  it('get one answer a connection, however many requests they send at once', async (t) => {
    const { say, renderings } = await started(t);
    assert.deepEqual(replies(await say(GET('/metrics').repeat(30))), ['HTTP/1.1 200 OK']);
    const said = await say(GET('/metrics').repeat(1700));
    // The rest of the segments is not even read: the reset that this means may overtake the answer.
    assert.ok(replies(said).length <= 1);
    assert.equal(renderings(), 1);
  });

  it('share one rendering of the metrics, however many ask at once', async (t) => {
    const { clock, say, renderings } = await started(t);
    const bodies = await Promise.all(
      Array.from({ length: 200 }, (_, at) => say(GET('/metrics'), `127.78.1.${at + 1}`)),
    );
    assert.ok(bodies.every((said) => said.endsWith('\r\n\r\nsbc_calls_active 1\n')));
    assert.equal(renderings(), 1);
    clock.advance(9);
    await say(GET('/metrics'));
    assert.equal(renderings(), 1);
    clock.advance(1);
    await say(GET('/metrics'));
    assert.equal(renderings(), 2);
  });

  it('shut out no probe by silent connections from many addresses', async (t) => {
    const { endpoints, dial, say } = await started(t);
    for (let at = 0; at < 600; at += 1) await dial(`127.78.${20 + Math.floor(at / 250)}.${(at % 250) + 1}`);
    for (let round = 0; round < 3; round += 1) assert.deepEqual(replies(await say(GET('/livez'))), ['HTTP/1.1 200 OK']);
    assert.ok(endpoints.connections <= 512);
  });

  it('shut out no probe by requests that never end, nor from the address of the probe', async (t) => {
    const { endpoints, dial, say } = await started(t);
    for (let at = 0; at < 30; at += 1) (await dial(KUBELET)).socket.write('GET /');
    assert.deepEqual(replies(await say(GET('/readyz'))), ['HTTP/1.1 200 OK']);
    assert.ok(endpoints.connections <= 8);
  });

  it('lose no place to an address that takes more than its share', async (t) => {
    const { dial, say } = await started(t);
    const patient = await dial('127.78.3.1');
    for (let at = 0; at < 80; at += 1) await dial('127.78.3.2');
    patient.socket.write(GET('/livez'));
    let said = '';
    patient.socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    await patient.closed;
    assert.deepEqual([replies(said), replies(await say(GET('/livez')))], [['HTTP/1.1 200 OK'], ['HTTP/1.1 200 OK']]);
  });

  it('have a second for their first octet and two more for the rest of the head', async (t) => {
    const { clock, endpoints, dial, say } = await started(t);
    const silent = await dial('127.78.4.1');
    const slow = await dial('127.78.4.2');
    slow.socket.write('G');
    await say(GET('/livez'));
    clock.advance(1000);
    await silent.closed;
    await say(GET('/livez'));
    assert.equal(endpoints.connections, 1);
    slow.socket.write('ET /livez HTTP/1.1\r\n');
    await say(GET('/livez'));
    clock.advance(1000);
    await slow.closed;
    await say(GET('/livez'));
    assert.equal(endpoints.connections, 0);
  });

  it('that do not read have five seconds for their answer', async (t) => {
    const { clock, endpoints, dial, say } = await started(t, 'x'.repeat(32 * 1024 * 1024));
    const deaf = await dial('127.78.5.1');
    deaf.socket.pause();
    deaf.socket.write(GET('/metrics'));
    await say(GET('/livez'));
    clock.advance(4999);
    await say(GET('/livez'));
    assert.equal(endpoints.connections, 1);
    clock.advance(1);
    await say(GET('/livez'));
    assert.equal(endpoints.connections, 0);
  });

  it('are answered octet by octet too, and when they close their half once they have asked', async (t) => {
    const { dial } = await started(t);
    const { socket, closed } = await dial(KUBELET, true);
    socket.setNoDelay(true);
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    for (const octet of GET('/livez')) socket.write(octet);
    socket.end();
    await closed;
    assert.deepEqual(replies(said), ['HTTP/1.1 200 OK']);
    assert.match(said, /\r\nConnection: close\r\n\r\nok\n$/);
  });

  it('that talk no HTTP are told so, or left', async (t) => {
    const { endpoints, dial, say } = await started(t);
    assert.deepEqual(replies(await say('\x16\x03\x01\r\n\r\n')), ['HTTP/1.1 400 Bad Request']);
    assert.deepEqual(replies(await say('x'.repeat(8192))), ['HTTP/1.1 431 Request Header Fields Too Large']);
    const { socket, closed } = await dial(KUBELET, true);
    socket.end('GET /livez HTTP/1.1\r\n');
    await closed;
    await say(GET('/livez'));
    assert.equal(endpoints.connections, 0);
  });
});
