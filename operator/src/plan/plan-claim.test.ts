import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Claim } from './plan-claim.ts';
import { FIRST_LEAVE_MS, LONGEST_LEAVE_MS, OBJECTION_MS, otherOperator, stepClaim } from './plan-claim.ts';

/** Operators that see one annotation, each a little late. */
class Cluster {
  nowMs = 0;
  annotation: string | undefined;
  readonly writes: string[] = [];
  readonly claims = new Map<string, Claim>();

  constructor(...identities: string[]) {
    for (const identity of identities) this.claims.set(identity, { kind: 'new' });
  }

  /** @param found what its cache holds @returns whether it looks after the instance now */
  look(identity: string, found: string | undefined = this.annotation): boolean {
    const claim = this.claims.get(identity) ?? { kind: 'new' };
    const step = stepClaim(claim, { identity, found: { operator: found }, nowMs: this.nowMs });
    this.claims.set(identity, step.claim);
    if (step.isToWrite) {
      this.annotation = identity;
      this.writes.push(identity);
    }
    return step.againInMs === undefined;
  }

  /** All look once a second. @returns who looked after it in the last one */
  pass(ms: number, late = false): readonly string[] {
    let tending: string[] = [];
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += 1000) {
      const seen = this.annotation;
      tending = [...this.claims.keys()].filter((each) => this.look(each, late ? seen : this.annotation));
    }
    return tending;
  }
}

test('an operator that is alone has the instance at once, and after a restart', () => {
  const cluster = new Cluster('a/x');
  assert.ok(cluster.look('a/x'));
  cluster.claims.set('a/x', { kind: 'new' });
  assert.ok(cluster.look('a/x'));
  assert.deepEqual(cluster.writes, ['a/x']);
});

test('before there is a StatefulSet nobody is asked, but who left the instance to another stays away', () => {
  const facts = { identity: 'b/x', nowMs: 0 };
  assert.equal(stepClaim({ kind: 'new' }, facts).againInMs, undefined);
  assert.equal(stepClaim({ kind: 'left', to: 'a/x', untilMs: 500, refusals: 1 }, facts).againInMs, 500);
});

test('who asks waits, whether there is a StatefulSet meanwhile or not', () => {
  const asking: Claim = { kind: 'asking', of: 'a/x', sinceMs: 0, refusals: 0 };
  assert.equal(stepClaim(asking, { identity: 'b/x', nowMs: 1000 }).againInMs, OBJECTION_MS - 1000);
  assert.equal(stepClaim(asking, { identity: 'b/x', nowMs: OBJECTION_MS }).againInMs, undefined);
});

test('a cache that is behind is objected to once, however often it is looked at', () => {
  const found = { operator: 'b/x', version: '7' };
  let claim: Claim = { kind: 'ours', objections: 0, objectedMs: -FIRST_LEAVE_MS };
  const writes: boolean[] = [];
  for (let nowMs = 0; nowMs < 20_000; nowMs += 1000) {
    const step = stepClaim(claim, { identity: 'a/x', found, nowMs });
    assert.equal(step.againInMs, undefined);
    claim = step.claim;
    writes.push(step.isToWrite);
  }
  assert.deepEqual(writes.filter(Boolean), [true]);
  assert.ok(stepClaim(claim, { identity: 'a/x', found: { ...found, version: '8' }, nowMs: 21_000 }).isToWrite);
});

test('a second one asks, is refused, and leaves it alone for longer each time', () => {
  const cluster = new Cluster('a/x');
  cluster.pass(OBJECTION_MS);
  cluster.claims.set('b/x', { kind: 'new' });
  assert.deepEqual(cluster.pass(OBJECTION_MS + 2000), ['a/x']);
  const claim = cluster.claims.get('b/x');
  assert.equal(claim && otherOperator(claim), 'a/x');
  assert.deepEqual(cluster.writes, ['a/x', 'b/x', 'a/x']);
  assert.deepEqual(cluster.pass(24 * 3_600_000), ['a/x']);
  assert.ok(cluster.writes.length < (4 * (24 * 3_600_000)) / LONGEST_LEAVE_MS, String(cluster.writes.length));
});

test('where the first one is gone the second has it after half a minute', () => {
  const cluster = new Cluster('b/x');
  cluster.annotation = 'a/x';
  assert.deepEqual(cluster.pass(OBJECTION_MS), []);
  assert.deepEqual(cluster.pass(1000), ['b/x']);
});

test('where it goes later the second has it within the longest time that it stays away', () => {
  const cluster = new Cluster('a/x', 'b/x');
  cluster.pass(3_600_000);
  const [first] = cluster.pass(1000);
  cluster.claims.delete(first ?? '');
  assert.equal(cluster.pass(2 * LONGEST_LEAVE_MS + 2 * OBJECTION_MS).length, 1);
});

test('one that is restarted while it is asked has it again', () => {
  const cluster = new Cluster('a/x');
  cluster.pass(OBJECTION_MS);
  cluster.claims.set('b/x', { kind: 'new' });
  cluster.look('b/x');
  cluster.claims.set('a/x', { kind: 'new' });
  assert.deepEqual(cluster.pass(OBJECTION_MS + 2000), ['a/x']);
});

test('an annotation that a person takes away or makes another one is written again', () => {
  const cluster = new Cluster('a/x');
  cluster.pass(OBJECTION_MS + 1000);
  for (const value of [undefined, 'nonsense']) {
    cluster.annotation = value;
    assert.ok(cluster.look('a/x'));
    assert.equal(cluster.annotation, 'a/x');
  }
});

test('a person can give it to the one that left it', () => {
  const cluster = new Cluster('b/x');
  cluster.claims.set('b/x', { kind: 'left', to: 'a/x', untilMs: FIRST_LEAVE_MS, refusals: 1 });
  cluster.annotation = 'b/x';
  assert.ok(cluster.look('b/x'));
});

test('of several that come at once, or are all sure, one has it in the end, and it stays', () => {
  const sure: Claim = { kind: 'ours', objections: 0, objectedMs: -FIRST_LEAVE_MS };
  const begin = fc.constantFrom<Claim>({ kind: 'new' }, sure);
  fc.assert(
    fc.property(fc.array(begin, { minLength: 2, maxLength: 4 }), fc.boolean(), (claims, late) => {
      const cluster = new Cluster();
      for (const [index, claim] of claims.entries()) cluster.claims.set(`operator-${String(index)}/x`, claim);
      cluster.pass(3_600_000, late);
      const tending = cluster.pass(1000, late);
      assert.equal(tending.length, 1);
      assert.deepEqual(cluster.pass(3_600_000, late), tending);
    }),
  );
});
