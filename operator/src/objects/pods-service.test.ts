import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { compileListeners } from '../compile/listeners.ts';
import { podsService } from './pods-service.ts';

test('a pod that drains keeps its name in the cluster and its metrics', () => {
  const instance = anInstance();
  const { spec } = podsService(instance, compileListeners(instance));
  const { clusterIP, publishNotReadyAddresses } = spec as Readonly<Record<string, unknown>>;
  assert.deepEqual([clusterIP, publishNotReadyAddresses], ['None', true]);
});
