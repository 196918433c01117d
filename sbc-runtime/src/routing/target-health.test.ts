import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hop } from '../sip/hop.ts';
import { TargetBoard } from './target-board.ts';
import { isDown, isHeld, stepTarget, unknownTarget, type TargetEvent, type TargetHealth } from './target-health.ts';

const ok: TargetEvent = { kind: 'answered', status: 200, retryAfterSeconds: undefined };
const busy: TargetEvent = { kind: 'answered', status: 503, retryAfterSeconds: 30 };
const silent: TargetEvent = { kind: 'silent' };

const hop = (host: string): Hop => ({
  protocol: 'TLS',
  host,
  port: 5061,
  listener: 'teams',
  trunk: 'contoso',
  sentBy: 'sbc:5061',
});

function after(events: readonly [TargetEvent, number][]): TargetHealth {
  return events.reduce((target, [event, atMs]) => stepTarget(target, event, atMs), unknownTarget);
}

test('a target is up once it answers anything but 503, whatever the status', () => {
  for (const status of [200, 403, 404, 405, 483]) {
    assert.equal(after([[{ kind: 'answered', status, retryAfterSeconds: undefined }, 0]]).status, 'Up');
  }
});

test('one silence takes a target down, so that it costs one call its wait and not the next; an answer brings it back', () => {
  const down = after([
    [ok, 0],
    [silent, 60_000],
  ]);
  assert.deepEqual([down.status, down.lastFailure], ['Down', 'no answer']);
  assert.equal(stepTarget(down, ok, 60_001).status, 'Up');
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
  const free = stepTarget(held, ok, 31_000);
  assert.deepEqual([free.status, free.heldUntilMs], ['Up', 0]);
});

test('a peer cannot take itself away for more than an hour', () => {
  assert.equal(after([[{ kind: 'answered', status: 503, retryAfterSeconds: 1e9 }, 0]]).heldUntilMs, 3_600_000);
});

test('503 without Retry-After, or with 0, holds nothing: down until the next good answer, tried last meanwhile', () => {
  for (const retryAfterSeconds of [undefined, 0]) {
    const unavailable: TargetEvent = { kind: 'answered', status: 503, retryAfterSeconds };
    const target = after([
      [ok, 0],
      [unavailable, 1000],
    ]);
    assert.equal(target.status, 'Down');
    assert.deepEqual([isHeld(target, 1000), isDown(target, 1000), isDown(target, 91_000)], [false, true, false]);
    assert.equal(stepTarget(target, ok, 2000).status, 'Up');
  }
});

test('503 without Retry-After does not shorten a hold', () => {
  const target = after([
    [busy, 0],
    [{ kind: 'answered', status: 503, retryAfterSeconds: undefined }, 1000],
  ]);
  assert.equal(isHeld(target, 29_999), true);
});

test('the only target of a trunk is tried after a 503 without Retry-After; one that is held is not', () => {
  const board = new TargetBoard();
  board.record(hop('only'), { kind: 'answered', status: 503, retryAfterSeconds: undefined }, 0);
  assert.deepEqual(board.order([hop('only')], 10), [hop('only')]);
  board.record(hop('only'), busy, 20);
  assert.deepEqual(board.order([hop('only')], 30), []);
});

test('a target that is probed stays down over one and a half OPTIONS periods, at least 90 seconds', () => {
  const refused: TargetEvent = { kind: 'unreachable', reason: 'refused' };
  for (const [periodSeconds, downMs] of [
    [0, 90_000],
    [30, 90_000],
    [60, 90_000],
    [180, 270_000],
    [3600, 5_400_000],
  ] as const) {
    const board = new TargetBoard();
    board.probedEvery(hop('sip'), periodSeconds);
    board.record(hop('sip'), refused, 0);
    const order = (nowMs: number) => board.order([hop('sip'), hop('sip2')], nowMs).map(({ host }) => host);
    assert.deepEqual([order(downMs - 1)[0], order(downMs)[0]], ['sip2', 'sip'], `a period of ${periodSeconds} s`);
  }
});

test('what one protocol or listener of a host suffered says nothing about another', () => {
  const board = new TargetBoard();
  const overUdp: Hop = { ...hop('pbx'), protocol: 'UDP' };
  board.record(overUdp, { kind: 'unreachable', reason: 'refused' }, 0);
  assert.equal(board.of(overUdp).status, 'Down');
  assert.equal(board.of({ ...overUdp, protocol: 'TCP' }).status, 'Unknown');
  assert.equal(board.of({ ...overUdp, listener: 'other' }).status, 'Unknown');
});

test('calls try targets as configured: the unknown ones too, those that are down last, those that are held not at all', () => {
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
