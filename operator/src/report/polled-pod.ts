/** What is known of one pod by asking it. */
import type { RuntimeReport, RuntimeSummary } from '@teams-sbc/crds/runtime';

/** Of a pod with an address. */
export interface PodToPoll {
  readonly name: string;
  /** Another uid is another pod: what the former said is forgotten. */
  readonly uid: string;
  readonly address: string;
  readonly port: number;
}

export interface PodAnswer {
  readonly uid: string;
  /** The newest of both kinds of answer; undefined: it does not answer, nothing is known of it. */
  readonly summary: RuntimeSummary | undefined;
  /** The newest whole report; kept while it does not answer, for what it said of the far ends. */
  readonly report: RuntimeReport | undefined;
  /** Why the last question got no answer. */
  readonly failure: string | undefined;
}
