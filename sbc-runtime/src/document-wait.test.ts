import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRuntimeSummary } from '@teams-sbc/crds/runtime';
import { DocumentWait } from './document-wait.ts';
import type { Obstacle } from './first-document.ts';
import { silentLog, type Facts } from './kernel/log.ts';
import { VirtualClock } from './kernel/virtual-clock.ts';

const MINUTE_MS = 60_000;
const noIndex: Obstacle = { message: 'there is no ConfigMap', refusal: undefined };
const hash = `sha256:${'0'.repeat(64)}`;
const problem = { path: 'tls.crt', message: 'no such file', found: 'nothing', allowed: 'a file' };
const noSecret: Obstacle = { message: 'no such file', refusal: { hash, problems: [problem] } };

function setUp(first: Obstacle | undefined) {
  const clock = new VirtualClock();
  const lines: unknown[] = [];
  const log = { ...silentLog, warn: (_: string, facts?: Facts) => void lines.push(facts?.['why']) };
  const world: { obstacle: Obstacle | undefined; write: () => void; isOver: boolean } = {
    ...{ obstacle: first, isOver: false },
    write: () => assert.fail('nobody was told'),
  };
  const wait = new DocumentWait({
    ...{ clock, log, obstacle: () => world.obstacle },
    tellWrites: (onWritten) => (world.write = onWritten),
  });
  void wait.start().then(() => (world.isOver = true));
  return { clock, lines, world, wait };
}
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('what is waited for is told once, then each minute, and when it is something else', () => {
  const { clock, lines, world } = setUp(noIndex);
  assert.deepEqual(lines, ['there is no ConfigMap']);
  clock.advance(MINUTE_MS - 1);
  assert.equal(lines.length, 1);
  clock.advance(1);
  assert.equal(lines.length, 2);
  world.obstacle = noSecret;
  world.write();
  clock.advance(1000);
  assert.deepEqual(lines.slice(2), ['no such file']);
  clock.advance(5 * MINUTE_MS);
  assert.equal(lines.length, 8);
});

test('it is over the moment something is written that can be served by, and leaves nothing behind', async () => {
  const { clock, world } = setUp(noSecret);
  world.obstacle = undefined;
  await settle();
  assert.equal(world.isOver, false);
  world.write();
  clock.advance(100);
  await settle();
  assert.deepEqual([world.isOver, clock.pending], [true, 0]);
});

test('what comes without being written, as a date or a mounted copy, is found within ten seconds', async () => {
  const { clock, world } = setUp(noIndex);
  world.obstacle = undefined;
  clock.advance(10_000);
  await settle();
  assert.deepEqual([world.isOver, clock.pending], [true, 0]);
});

test('the report tells the document that is waited with, and none where there is none', () => {
  assert.equal(setUp(noIndex).wait.refusal, undefined);
  const { refusal } = setUp(noSecret).wait;
  const summary = { version: '1', pod: 'sbc-0', draining: false, calls: { active: 0 }, refusal };
  const parsed = parseRuntimeSummary(JSON.stringify(summary));
  assert.equal(parsed.ok && parsed.summary.refusal?.hash, hash);
});
