import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlacedPod } from './moved-pods.ts';
import { movedPods } from './moved-pods.ts';

const nowMs = 1_000_000;
const node = (...addresses: string[]) => ({
  name: 'n1',
  addresses: [
    { type: 'Hostname', address: '192.0.2.5' },
    ...addresses.map((address) => ({ type: 'InternalIP', address })),
  ],
});
const pod = (fields: Partial<PlacedPod> = {}): PlacedPod => ({
  ...{ name: 'sbc-0', uid: 'u0', nodeName: 'n1', isOnHostNetwork: true, address: '192.0.2.5' },
  ...{ servedAt: '192.0.2.5', killedAtMs: undefined },
  ...fields,
});
const moved = (
  fields: Partial<PlacedPod>,
  at = node('192.0.2.9'),
  mode: 'HostNetwork' | 'ClusterPod' = 'HostNetwork',
) => movedPods(mode, [pod(fields)], { nodes: [at], nowMs }).map(({ name }) => name);

const cases: Record<string, readonly [readonly string[], readonly string[]]> = {
  'a pod whose address its node has stays': [moved({}, node('192.0.2.5')), []],
  'a pod whose address its node has beside others stays': [moved({}, node('2001:db8::5', '192.0.2.5')), []],
  'a pod whose address its node has no more goes': [moved({}), ['sbc-0']],
  'also where it drains for hours': [moved({ killedAtMs: nowMs + 3_600_000 }), ['sbc-0']],
  'one that is killed in a moment anyway is left to that': [moved({ killedAtMs: nowMs + 5000 }), []],
  'a node that says no address has not said it yet': [moved({}, node()), []],
  'a node that says addresses of the other family alone has not said this one yet': [
    moved({}, node('2001:db8::5')),
    [],
  ],
  'a node that nobody knows says nothing': [moved({ nodeName: 'n2' }), []],
  'a pod that has no address yet stays': [moved({ address: undefined }), []],
  'a pod with a network of its own has no address of its node': [moved({ isOnHostNetwork: false }), []],
  'and in the other modes no pod has': [moved({}, node('192.0.2.9'), 'ClusterPod'), []],
  'a pod that is said to have the new address, and serves at the old one, goes': [
    moved({ address: '192.0.2.9' }),
    ['sbc-0'],
  ],
  'one that began at another address which its node still has stays': [
    moved({ address: '192.0.2.9' }, node('192.0.2.9', '192.0.2.5')),
    [],
  ],
  'one that began at the new address stays': [moved({ address: '192.0.2.9', servedAt: '192.0.2.9' }), []],
  'one that was not ready yet stays': [moved({ address: '192.0.2.9', servedAt: undefined }), []],
};

for (const [name, [found, expected]] of Object.entries(cases)) test(name, () => assert.deepEqual(found, expected));

test('it is said where the pod listens, and what its node has now', () => {
  const [found] = movedPods('HostNetwork', [pod()], { nodes: [node('192.0.2.9')], nowMs });
  assert.match(
    found?.message ?? '',
    /sbc-0 is replaced at once: it listens on 192\.0\.2\.5, and its node n1 has 192\.0\.2\.9 now/,
  );
});
