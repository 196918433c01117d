/**
 * A confirmed dialog as plain values (RFC 3261 §12, RFC 4028): what a process that is started again needs to go on in it.
 * JSON keeps them whole.
 */
import type { Heard } from '../sip/hop.ts';
import type { DialogState } from './dialog-state.ts';
import type { SessionTimer } from './session-timer.ts';

export interface LegSnapshot {
  /** We have called: RFC 3261 §14.1 has its owner wait longer after glare. */
  readonly ownsCallId: boolean;
  readonly dialog: DialogState;
  readonly heardFrom: Heard | undefined;
  /** Absent: no session timer runs. */
  readonly session: SessionSnapshot | undefined;
}

export interface SessionSnapshot {
  readonly timer: SessionTimer;
  /** Milliseconds from the snapshot on; absent: not ours to refresh. */
  readonly refreshInMs: number | undefined;
  readonly deadlineInMs: number | undefined;
}

/** More than we can have sent since the last snapshot: a number that the peer has seen must not come again (RFC 3261 §12.2.2). */
const SEQUENCE_GAP = 1000;

/** The dialog with the next numbers left to the process that is gone. */
export function resumed(dialog: DialogState): DialogState {
  return { ...dialog, localSequence: dialog.localSequence + SEQUENCE_GAP };
}
