import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../kube/kube-object.ts';
import { superfluousChildren } from './superfluous-children.ts';

function object(kind: string, name: string, metadata: object = {}): KubeObject {
  const ownerReferences = [
    { apiVersion: 'teams-sbc.dev/v1alpha1', kind: 'SbcInstance', name: 'sbc', uid: 'ours', controller: true },
  ];
  return { apiVersion: 'v1', kind, metadata: { name, ownerReferences, ...metadata } };
}

const superfluous = (present: readonly KubeObject[], { wanted = [] as KubeObject[], pods = [] as string[] } = {}) =>
  superfluousChildren({ ownerUid: 'ours', wanted, present, pods: new Set(pods) }).map(({ metadata }) => metadata.name);

const cases: Record<string, readonly [readonly string[], readonly string[]]> = {
  'what is wanted stays': [superfluous([object('Service', 'sbc-0')], { wanted: [object('Service', 'sbc-0')] }), []],
  'a load balancer that nobody wants goes': [superfluous([object('Service', 'sbc-1')]), ['sbc-1']],
  'a load balancer stays as long as its pod ends calls over it': [
    superfluous([object('Service', 'sbc-1')], { pods: ['sbc-1'] }),
    [],
  ],
  'a NetworkPolicy goes when the pods move to the network of the node': [
    superfluous([object('NetworkPolicy', 'sbc')]),
    ['sbc'],
  ],
  'a Certificate goes when a Secret is brought': [superfluous([object('Certificate', 'sbc-tls')]), ['sbc-tls']],
  'what belongs to somebody else stays': [superfluous([object('Service', 'sbc-1', { ownerReferences: [] })]), []],
  'what names the instance as one owner of several, and another one as its controller, stays': [
    superfluous([
      object('Service', 'sbc-1', {
        ownerReferences: [{ apiVersion: 'teams-sbc.dev/v1alpha1', kind: 'SbcInstance', name: 'sbc', uid: 'ours' }],
      }),
    ]),
    [],
  ],
  'what already goes is left alone': [
    superfluous([object('Service', 'sbc-1', { deletionTimestamp: '2026-11-23T09:00:00Z' })]),
    [],
  ],
  'kinds that an instance always has are never deleted': [
    superfluous([object('StatefulSet', 'old'), object('Secret', 'old'), object('ConfigMap', 'old')]),
    [],
  ],
};

for (const [name, [found, expected]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(found, expected));
}
