/** Pods of the instance `sbc`, what they say, and what stands in objects of the API server. */
import assert from 'node:assert/strict';
import { parseRoutingIndex } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../src/kube/kube-object.ts';
import type { PodAnswer } from '../src/report/polled-pod.ts';

/** Ready, with an address, of the pod template `v1`. */
export function podObject(ordinal: number): KubeObject {
  const labels = {
    'app.kubernetes.io/managed-by': 'teams-sbc-operator',
    'teams-sbc.dev/instance': 'sbc',
    'controller-revision-hash': 'v1',
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `sbc-${String(ordinal)}`, namespace: 'default', labels },
    spec: { nodeName: 'n1' },
    status: {
      podIP: `10.0.0.${String(ordinal + 1)}`,
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** @param hash of the document that it runs */
export function answer({ metadata }: KubeObject, hash: string | undefined): PodAnswer {
  const summary = {
    version: '0.1.0',
    pod: metadata.name,
    draining: false,
    calls: { active: 0 },
    ...(hash && { hash }),
  };
  return { uid: metadata.uid ?? '', summary, report: undefined, failure: undefined };
}

interface WrittenCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

function writtenIn(object: KubeObject | undefined): readonly WrittenCondition[] {
  return (object?.status as { readonly conditions: readonly WrittenCondition[] }).conditions;
}

/** By type: `True InSync`. */
export function conditionsIn(object: KubeObject | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(writtenIn(object).map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

export function messageIn(object: KubeObject | undefined, type: string): string {
  return writtenIn(object).find((condition) => condition.type === type)?.message ?? '';
}

/** @param index the ConfigMap that the pods watch */
export function hashIn(index: KubeObject | undefined): string {
  const { 'index.json': text = '' } = (index?.['data'] ?? {}) as Readonly<Record<string, string>>;
  const parsed = parseRoutingIndex(text);
  assert.ok(parsed.ok);
  return parsed.index.hash;
}
