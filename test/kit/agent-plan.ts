/** What an agent does with a call, said before it begins. */

/** What a side does within the call, one after the other, each so long after the one before. */
export interface Act {
  readonly afterMs: number;
  readonly what: 'hold' | 'resume' | 'refresh' | 'options' | 'bye';
}

export interface CallPlan {
  /** Called: 18x before the answer, each so long after the INVITE. `sdp`: with early media. */
  readonly rings?: readonly { readonly afterMs: number; readonly status: number; readonly sdp?: boolean }[];
  /** Called: the final response; absent: none at all. */
  readonly answers?: { readonly afterMs: number; readonly status: number };
  /** Called: answers although it was cancelled. */
  readonly ignoresCancel?: boolean;
  /** Caller: gives up so long after its INVITE, where nobody has answered. */
  readonly cancelsAfterMs?: number;
  readonly acts?: readonly Act[];
}
