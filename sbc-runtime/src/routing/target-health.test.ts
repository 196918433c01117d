import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TargetBoard } from './target-board.ts';
import { isHeld, stepTarget, unknownTarget, type TargetEvent, type TargetHealth } from './target-health.ts';

const ok: TargetEvent = { kind: 'answered', status: 200, retryAfterSeconds: undefined };
const busy: TargetEvent = { kind: 'answered', status: 503, retryAfterSeconds: 30 };
const silent: TargetEvent = { kind: 'silent' };

function after(events: readonly [TargetEvent, number][]): TargetHealth {
  return events.reduce((target, [event, atMs]) => stepTarget(target, event, atMs), unknownTarget);
}

test('a target is up once it answers anything but 503, whatever the status', () => {
  for (const status of [200, 403, 404, 405, 483]) {
    assert.equal(after([[{ kind: 'answered', status, retryAfterSeconds: undefined }, 0]]).status, 'Up');
  }
});

test('one silence is forgiven, two take a target down, an answer brings it back', () => {
  assert.equal(
    after([
      [ok, 0],
      [silent, 60_000],
    ]).status,
    'Up',
  );
  assert.equal(
    after([
      [ok, 0],
      [silent, 60_000],
      [silent, 120_000],
    ]).status,
    'Down',
  );
  assert.equal(
    after([
      [silent, 0],
      [silent, 1],
      [ok, 2],
    ]).status,
    'Up',
  );
});

test('refused or unreachable takes a target down at once and says why', () => {
  const target = after([
    [ok, 0],
    [{ kind: 'unreachable', reason: 'connection refused' }, 1],
  ]);
  assert.deepEqual([target.status, target.lastFailure], ['Down', 'connection refused']);
});

test('503 with Retry-After holds a target, and no good OPTIONS lifts that early', () => {
  const held = after([
    [ok, 0],
    [busy, 1000],
    [ok, 20_000],
  ]);
  assert.equal(held.status, 'Down');
  assert.equal(isHeld(held, 30_999), true);
  assert.equal(isHeld(held, 31_000), false);
  assert.equal(stepTarget(held, ok, 31_000).status, 'Up');
});

test('503 without Retry-After holds for one OPTIONS period; a peer cannot take itself away for more than an hour', () => {
  assert.equal(after([[{ kind: 'answered', status: 503, retryAfterSeconds: undefined }, 0]]).heldUntilMs, 60_000);
  assert.equal(after([[{ kind: 'answered', status: 503, retryAfterSeconds: 1e9 }, 0]]).heldUntilMs, 3_600_000);
});

test('calls try targets as configured: the unknown ones too, those that are down last, those that are held not at all', () => {
  const hop = (host: string) =>
    ({ protocol: 'TLS', host, port: 5061, listener: 'teams', trunk: 'contoso', sentBy: 'sbc:5061' }) as const;
  const [one, two, three, four] = [hop('sip'), hop('sip2'), hop('sip3'), hop('sip4')] as const;
  const board = new TargetBoard();
  board.record(one, { kind: 'unreachable', reason: 'refused' }, 0);
  board.record(two, ok, 0);
  board.record(four, busy, 0);
  assert.deepEqual(
    board.order([one, two, three, four], 10).map((target) => target.host),
    ['sip2', 'sip3', 'sip'],
  );
  assert.deepEqual(
    board.order([one, two], 90_000).map((target) => target.host),
    ['sip', 'sip2'],
  );
  board.keepOnly([two]);
  assert.equal(board.of(one).status, 'Unknown');
});
