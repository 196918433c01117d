/** One pod of an instance, as Kubernetes and the pod itself describe it. */
import type { Refusal, TrunkReport } from '@teams-sbc/crds/runtime';

export interface PodView {
  readonly name: string;
  readonly uid: string;
  readonly ordinal: number;
  /** Kubernetes' condition `Ready`, and it is not going away. */
  readonly isReady: boolean;
  readonly isTerminating: boolean;
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
