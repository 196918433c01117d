import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeTargets } from './merge-targets.ts';
import type { PodView } from './pod-view.ts';
import { reachable } from './reachable.ts';

/** A pod for each status that its OPTIONS are answered with. */
function said(mustTake: boolean, ...statuses: number[]): string {
  const pods = statuses.map((lastStatus, ordinal): PodView => {
    const trunk = { name: 'trunk', targets: [{ host: 'h', port: 5061, state: 'Up' as const, lastStatus }] };
    return {
      ...{ name: `sbc-${ordinal}`, uid: `u${ordinal}`, ordinal, isReady: true, isTerminating: false, answers: true },
      ...{ hash: undefined, refusal: undefined, calls: 0, failure: undefined, trunks: new Map([['trunk', trunk]]) },
    };
  });
  const targets = mergeTargets('trunk', [{ host: 'h', port: 5061 }], pods);
  const { status, reason, message } = reachable({ targets, pods, isProgrammed: true, isProbed: true, mustTake });
  return `${status} ${reason}: ${message}`;
}

test('a data centre that answers OPTIONS with a refusal does not take us; one that takes them from one pod is partly reachable', () => {
  assert.equal(said(true, 200), 'True Reachable: Every host answers OPTIONS');
  assert.equal(said(true, 403), 'False Refused: h:5061: answered 403 (from sbc-0)');
  assert.equal(said(true, 200, 403), 'True PartlyReachable: h:5061: answered 403 (from sbc-1)');
});

test('a PBX that does not know OPTIONS is reachable: it answers', () => {
  assert.equal(said(false, 405), 'True Reachable: Every host answers OPTIONS');
});
