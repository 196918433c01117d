import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { HttpEndpoints } from './http-endpoints.ts';
import type { HttpEndpointsParams } from './http-endpoints.ts';

const ADDRESS = '127.78.0.1';

async function withEndpoints(over: Partial<HttpEndpointsParams>, body: (base: string, port: number) => Promise<void>) {
  const metrics = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('sbc_calls_active 1\n') };
  const endpoints = new HttpEndpoints({
    address: ADDRESS,
    port: 0,
    unreadyReasons: () => [],
    metrics,
    clock: new VirtualClock(),
    log: silentLog,
    ...over,
  });
  await endpoints.start();
  try {
    await body(`http://${ADDRESS}:${endpoints.port}`, endpoints.port);
  } finally {
    await endpoints.close();
  }
}

const get = async (url: string, method = 'GET') => {
  const response = await fetch(url, { method });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
};

describe('The HTTP endpoints', () => {
  it('say that the process lives', async () => {
    await withEndpoints({}, async (base) => {
      assert.deepEqual(await get(`${base}/livez`), { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' });
    });
  });

  it('say whether it is ready, and why not', async () => {
    let reasons: string[] = [];
    await withEndpoints({ unreadyReasons: () => reasons }, async (base) => {
      assert.equal((await get(`${base}/readyz`)).status, 200);
      reasons = ['Draining', 'RTPEngine does not answer'];
      const reply = await get(`${base}/readyz`);
      assert.deepEqual([reply.status, reply.body], [503, 'Draining\nRTPEngine does not answer\n']);
    });
  });

  it('serve the metrics under their own content type', async () => {
    await withEndpoints({}, async (base) => {
      assert.deepEqual(await get(`${base}/metrics`), {
        status: 200,
        type: 'text/plain; version=0.0.4',
        body: 'sbc_calls_active 1\n',
      });
    });
  });

  it('answer HEAD without a body, other methods with 405 and other paths with 404', async () => {
    await withEndpoints({}, async (base) => {
      assert.deepEqual(
        [(await get(`${base}/livez`, 'HEAD')).body, (await get(`${base}/livez`, 'POST')).status],
        ['', 405],
      );
      assert.equal((await get(`${base}/secrets`)).status, 404);
    });
  });

  it('answer 500 where a source throws, and live on', async () => {
    const failing = { contentType: 'text/plain', text: () => Promise.reject(new Error('secret detail')) };
    await withEndpoints({ metrics: failing }, async (base) => {
      const reply = await get(`${base}/metrics`);
      assert.deepEqual([reply.status, reply.body.includes('secret')], [500, false]);
      assert.equal((await get(`${base}/livez`)).status, 200);
    });
  });

  it('refuse headers and URLs that are too long', async () => {
    await withEndpoints({}, async (base) => {
      assert.equal((await fetch(`${base}/livez`, { headers: { 'x-long': 'x'.repeat(10_000) } })).status, 431);
      assert.equal((await get(`${base}/livez?${'x'.repeat(3000)}`)).status, 414);
    });
  });

  it('close at once, open connections included', async () => {
    let closed: Promise<void> | undefined;
    await withEndpoints({}, async (_base, port) => {
      const socket = connect(port, ADDRESS);
      closed = new Promise((resolve) => socket.on('close', () => resolve()));
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
    });
    await closed;
    assert.ok(closed !== undefined);
  });

  it('say plainly that the port is taken', async () => {
    await withEndpoints({}, async (_base, port) => {
      await assert.rejects(
        withEndpoints({ port }, async () => undefined),
        {
          code: 'SBC_HTTP_LISTEN',
          message: /Cannot serve HTTP on 127\.78\.0\.1:\d+: the port is in use; stop the process that has it/,
        },
      );
    });
  });
});
