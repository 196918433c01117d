/** One pod of an instance, as Kubernetes and the pod itself describe it. */
import type { Refusal, TrunkReport } from '@teams-sbc/crds/runtime';

/** Of a pod that is to stop. */
export interface GoingPod {
  /** Its runtime has not ended yet, as far as Kubernetes knows. */
  readonly isRunning: boolean;
  /** By its newest answer, also where it does not answer any more; undefined: it never did. */
  readonly calls: number | undefined;
  /** That answer is of a runtime that drains: `calls` only falls. One of before says nothing of the calls that came after it. */
  readonly isHeard: boolean;
  /** Why it did not answer the last question. */
  readonly failure: string | undefined;
  /** It cannot be told to end its calls either: it knows another certificate or token. */
  readonly isStranger?: boolean | undefined;
  /** When it hangs up, as it says itself; wall-clock milliseconds. */
  readonly endsAtMs: number | undefined;
  /** When Kubernetes kills it: its deletionTimestamp; wall-clock milliseconds. */
  readonly killedAtMs: number;
  readonly nodeName: string | undefined;
}

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly ordinal: number;
  /** Kubernetes' condition `Ready`, and it is not going away. */
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  /** Why it is not ready, as far as it says so, with what helps; absent: that is not known. */
  readonly trouble?: string | undefined;
  /** Kubernetes has given it no address: it has no node, or does not run yet. */
  readonly isUnplaced?: boolean | undefined;
  /** Absent: it stays. */
  readonly going?: GoingPod;
  /** It said how it is; what it says below is known. */
  readonly answers: boolean;
  /** Of the document that it runs. */
  readonly hash: string | undefined;
  /** The newest document that it refused. */
  readonly refusal: Refusal | undefined;
  readonly calls: number | undefined;
  /** Why it does not answer. */
  readonly failure: string | undefined;
  /** What its newest whole report says of each trunk, by name. */
  readonly trunks: ReadonlyMap<string, TrunkReport>;
}
