/** One pod of an instance, as Kubernetes and the pod itself describe it. */
import type { Refusal, TrunkReport } from '@teams-sbc/crds/runtime';

/** Of a pod that is to stop. */
export interface GoingPod {
  /** Its runtime has not ended yet, as far as Kubernetes knows. */
  readonly isRunning: boolean;
  /** By its newest answer, also where it does not answer any more; undefined: it never did. */
  readonly calls: number | undefined;
  /** Why it did not answer the last question. */
  readonly failure: string | undefined;
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
