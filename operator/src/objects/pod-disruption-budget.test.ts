import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { podDisruptionBudget } from './pod-disruption-budget.ts';

test('nodes can be emptied one pod at a time, also of the only pod and of one that is not ready', () => {
  const { spec } = podDisruptionBudget(anInstance({ replicas: 1 }));
  const { maxUnavailable, unhealthyPodEvictionPolicy } = spec as Readonly<Record<string, unknown>>;
  assert.deepEqual([maxUnavailable, unhealthyPodEvictionPolicy], [1, 'AlwaysAllow']);
});
