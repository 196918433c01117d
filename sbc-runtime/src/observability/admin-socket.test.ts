import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { AdminSocket } from './admin-socket.ts';
import type { AdminRoute } from './admin-socket.ts';
import { jsonReply, textReply } from './http-server.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'admin-'));
});
after(() => {
  rmSync(directory, { recursive: true });
});

const routes: Record<string, AdminRoute> = {
  'GET /status': () => jsonReply(200, { isReady: true }),
  'GET /calls/:id/ladder': ({ params, query }) => textReply(200, `ladder of ${params.get('id')} ${query.get('full')}`),
  'POST /drain': () => textReply(202, 'draining'),
  'GET /broken': () => {
    throw new Error('bug');
  },
};

function ask(socketPath: string, method: string, path: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function withSocket(name: string, body: (path: string) => Promise<void>) {
  const path = join(directory, name);
  const socket = new AdminSocket({ path, routes, clock: new VirtualClock(), log: silentLog });
  await socket.start();
  try {
    await body(path);
  } finally {
    await socket.close();
  }
}

describe('The admin socket', () => {
  it('is for its own user alone', async () => {
    await withSocket('mode', async (path) => {
      assert.equal(statSync(path).mode & 0o777, 0o600);
    });
  });

  it('answers by its table of routes', async () => {
    await withSocket('routes', async (path) => {
      assert.deepEqual(await ask(path, 'GET', '/status'), { status: 200, body: '{"isReady":true}\n' });
      assert.deepEqual(await ask(path, 'GET', '/calls/a%2Fb/ladder?full=1'), {
        status: 200,
        body: 'ladder of a/b 1\n',
      });
      assert.deepEqual(await ask(path, 'POST', '/drain'), { status: 202, body: 'draining\n' });
    });
  });

  it('says what there is where it is asked for something else', async () => {
    await withSocket('unknown', async (path) => {
      const unknown = await ask(path, 'GET', '/nothing');
      assert.deepEqual([unknown.status, unknown.body.includes('GET /calls/:id/ladder')], [404, true]);
      assert.deepEqual(await ask(path, 'GET', '/drain'), { status: 405, body: 'Only POST\n' });
      assert.equal((await ask(path, 'GET', '/calls/%E0%A4%A/ladder')).status, 200);
    });
  });

  it('outlives a fault in a route', async () => {
    await withSocket('broken', async (path) => {
      assert.equal((await ask(path, 'GET', '/broken')).status, 500);
      assert.equal((await ask(path, 'GET', '/status')).status, 200);
    });
  });

  it('leaves nothing behind when it is closed', async () => {
    await withSocket('left', async () => undefined);
    assert.equal(statSync(join(directory, 'left'), { throwIfNoEntry: false }), undefined);
  });

  it('refuses the place of a living process', async () => {
    await withSocket('taken', async (path) => {
      const second = new AdminSocket({ path, routes, clock: new VirtualClock(), log: silentLog });
      await assert.rejects(second.start(), { code: 'SBC_ADMIN_LISTEN', message: /another process serves it/ });
      assert.equal((await ask(path, 'GET', '/status')).status, 200);
    });
  });

  it('refuses to remove what is no socket', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'precious');
    await assert.rejects(new AdminSocket({ path, routes, clock: new VirtualClock(), log: silentLog }).start(), {
      code: 'SBC_ADMIN_LISTEN',
      message: /something else/,
    });
  });

  it('takes the place of a socket that a dead process has left', async () => {
    const path = join(directory, 'dead');
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(`${path}-first`, () => resolve()));
    const { linkSync } = await import('node:fs');
    linkSync(`${path}-first`, path);
    await new Promise((resolve) => dead.close(resolve));
    assert.ok(statSync(path).isSocket());
    await withSocket('dead', async () => {
      assert.equal((await ask(path, 'GET', '/status')).status, 200);
    });
  });
});
