/** What a controller is: something that makes one object's world as it should be. */
import type { KubeObject } from '../kube/kube-object.ts';

export interface Key {
  readonly namespace: string;
  readonly name: string;
}

export interface ReconcileResult {
  /** Once more after this long, even if nothing changes. */
  readonly requeueAfterMs?: number | undefined;
}

/** Level-triggered: reads the stores, never the event. A rejection is retried with back-off; a conflict quietly. */
export interface Reconciler {
  reconcile(key: Key): Promise<ReconcileResult | undefined>;
}

export interface ObjectEvent {
  readonly type: 'Normal' | 'Warning';
  /** UpperCamelCase, from crds/src/v1alpha1/reasons.ts. */
  readonly reason: string;
  readonly message: string;
  /** What was done, UpperCamelCase. Default `Reconcile`. */
  readonly action?: string | undefined;
}

/** Same events become one series; bounded, never fails, never waits. */
export interface EventRecorder {
  record(about: KubeObject, event: ObjectEvent): void;
}

export function formatKey({ namespace, name }: Key): string {
  return `${namespace}/${name}`;
}

export function parseKey(text: string): Key {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
