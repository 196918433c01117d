/** The coordination.k8s.io Lease, as far as leader election reads and writes it. */
import type { KubeObject } from '../kube/kube-object.ts';

export interface LeaseSpec {
  /** Empty: released. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  /** MicroTime. */
  readonly acquireTime: string;
  readonly renewTime: string;
  /** Counts changes of the holder: a fencing number. */
  readonly leaseTransitions: number;
}

export interface Lease {
  readonly resourceVersion: string;
  readonly spec: LeaseSpec;
}

export function readLease({ metadata, spec }: KubeObject): Lease {
  const found = (spec ?? {}) as Partial<Record<keyof LeaseSpec, unknown>>;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const count = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return {
    resourceVersion: metadata.resourceVersion ?? '',
    spec: {
      holderIdentity: text(found.holderIdentity),
      leaseDurationSeconds: count(found.leaseDurationSeconds),
      acquireTime: text(found.acquireTime),
      renewTime: text(found.renewTime),
      leaseTransitions: count(found.leaseTransitions),
    },
  };
}

/** Six digits: Go's MicroTime reads no other number of them. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace('Z', '000Z');
}
