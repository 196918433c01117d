import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../kube/kube-object.ts';
import { waited } from './waited.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();
const pod = (seconds: number, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'sbc-0', creationTimestamp: ago(seconds), ...metadata },
});
const said = (status: string, reason: string, seconds: number) => ({
  conditions: [{ type: 'Available', status, reason, message: '', lastTransitionTime: ago(seconds) }],
});
const availableFor = (status: unknown, ...pods: KubeObject[]) => waited({ status, pods, nowMs }).Available;

for (const [name, found, expected] of [
  ['nothing was said yet', availableFor(undefined), 0],
  ['no pod comes', availableFor(said('False', 'Starting', 400)), 400_000],
  ['a pod came a while after', availableFor(said('False', 'Starting', 400), pod(100)), 100_000],
  ['a pod came just before it was said', availableFor(said('False', 'Starting', 99), pod(100)), 99_000],
  [
    'a pod came after the last one had drained for an hour',
    availableFor(said('False', 'Draining', 3600), pod(5)),
    5000,
  ],
  ['a pod that was ready fails', availableFor(said('True', 'Available', 900), pod(1000)), Infinity],
  ['it still does', availableFor(said('False', 'NoReadyPod', 10), pod(1000)), Infinity],
  ['a new one has come for it', availableFor(said('False', 'NoReadyPod', 10), pod(5)), 5000],
  ['the last one goes', availableFor(said('True', 'Available', 900), pod(1000, { deletionTimestamp: ago(0) })), 0],
  [
    'the last one outlives its grace',
    availableFor(said('False', 'Draining', 900), pod(1000, { deletionTimestamp: ago(61) })),
    Infinity,
  ],
] as const)
  test(`how long pods have been starting, where ${name}`, () => assert.equal(found, expected));
