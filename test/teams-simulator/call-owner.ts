/** What calls of the simulator are asked for, what becomes of them, and what they need of who owns them. */
import type { Connection, DataCentre } from './connection.ts';
import type { SimulatorLog } from './log.ts';
import type { Requests } from './requests.ts';
import type { AckTimers } from './retransmission.ts';
import type { Transfer } from './transfer.ts';

export interface CallEnd {
  readonly by: 'teams' | 'sbc';
  /** Present where the call was refused or cancelled before an answer. */
  readonly status?: number;
  /** Value of the Reason header (RFC 3326). */
  readonly reason?: string;
}

/** What a call needs of the simulator. */
export interface CallOwner {
  readonly requests: Requests;
  readonly log: SimulatorLog;
  readonly ackTimers: AckTimers;
  /** False: descriptions that Microsoft refuses are taken. */
  readonly isStrict: boolean;
  /** A connection for a request within a dialog: a new one, unless the simulator was told to reuse. */
  connectionTo(uri: string, from: DataCentre): Promise<Connection>;
  dataCentre(host: string): DataCentre;
  forget(call: { readonly callId: string }): void;
  /** From now on an INVITE may come back that the REFER asked for. */
  watch(transfer: Transfer): void;
}

export interface InDialog {
  /** The data centre that the request comes from: `sip2.pstnhub.microsoft.com`. Default: the call's own. */
  readonly from?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

export interface RingOptions {
  /** Early media. */
  readonly sdp?: boolean;
  /** Which of the user's phones says it: each name has a To tag of its own. Default: one phone. */
  readonly fork?: string;
}
