/** What is known of one pod by asking it. */
import type { RuntimeReport, RuntimeSummary } from '@teams-sbc/crds/runtime';

/** Of a pod with an address. */
export interface PodToPoll {
  readonly name: string;
  /** Another uid is another pod: what the former said is forgotten. */
  readonly uid: string;
  readonly address: string;
  readonly port: number;
  /** It is to stop: it is asked until it says that it drains, for what it said before counts no more. */
  readonly isGoing?: boolean | undefined;
}

export interface PodAnswer {
  readonly uid: string;
  /** The newest of both kinds of answer; undefined: it does not answer, nothing is known of it. */
  readonly summary: RuntimeSummary | undefined;
  /** The newest of both kinds of answer, also while it does not answer. Absent: it never did. */
  readonly lastSummary?: RuntimeSummary | undefined;
  /** The newest whole report; kept while it does not answer, for what it said of the far ends. */
  readonly report: RuntimeReport | undefined;
  /** Why the last question got no answer. */
  readonly failure: string | undefined;
  /** It answers, and certificate or token of its instance are not those that it knows. */
  readonly isStranger?: boolean | undefined;
}
