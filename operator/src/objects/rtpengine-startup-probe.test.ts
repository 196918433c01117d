import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { rtpengineStartupProbe } from './rtpengine-startup-probe.ts';

/** Runs the probe as the kubelet does. @param answer undefined: nobody listens */
async function probe(answer: string | undefined): Promise<{ code: unknown; asked: string }> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port: controlPort } = socket.address();
  let asked = '';
  socket.on('message', (message, { port, address }) => {
    asked = message.toString('latin1');
    socket.send(answer ?? '', port, address);
  });
  if (answer === undefined) await new Promise<void>((resolve) => void socket.close(resolve));
  try {
    const code = await exitCode(rtpengineStartupProbe(instance(controlPort)).exec?.command ?? []);
    return { code, asked };
  } finally {
    if (answer !== undefined) socket.close();
  }
}

/** Its media ports lie below those that the machine gives away. */
const instance = (controlPort: number) =>
  anInstance({ capacity: { maxCalls: 1 }, media: { controlPort, portRange: { start: 1024, end: 1027 } } });

async function exitCode([file = '', ...args]: readonly string[]): Promise<unknown> {
  const child = spawn(file, args, { env: { CONTROL_ADDRESS: '127.0.0.1' }, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as unknown[];
  return code;
}

test('RTPEngine has started when it answers a ping of its NG protocol', async () => {
  assert.deepEqual(await probe('probe d6:result4:ponge'), { code: 0, asked: 'probe d7:command4:pinge' });
});

test('RTPEngine has not started when it answers something else, or nobody listens', async () => {
  assert.equal((await probe('probe d6:result5:errore')).code, 1);
  assert.equal((await probe(undefined)).code, 1);
});
