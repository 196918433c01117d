import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { jsonLog } from './json-log.ts';

it('The log writes one JSON object a line, keeps the names of its head, and nothing below its level', async () => {
  const destination = new PassThrough();
  let written = '';
  destination.on('data', (chunk) => (written += String(chunk)));
  const log = jsonLog({ clock: new VirtualClock(), destination });
  log.info('Caches are filled', { resources: 2, level: 'error' });
  log.debug('unheard');
  log.warn('a\nb');
  while (written.split('\n').length < 3) await new Promise((resolve) => setImmediate(resolve));
  const lines = written.split('\n').slice(0, -1).map((line) => JSON.parse(line) as unknown); // prettier-ignore
  assert.deepEqual(lines, [
    { time: '2026-01-01T00:00:00.000Z', level: 'info', message: 'Caches are filled', resources: 2 },
    { time: '2026-01-01T00:00:00.000Z', level: 'warn', message: 'a\nb' },
  ]);
});
