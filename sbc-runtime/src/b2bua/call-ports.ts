/** What a call needs from outside, and what it is made of. */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { DialogLayer } from '../dialog/dialog-layer.ts';
import type { IncomingInvite } from '../dialog/invite-user.ts';
import type { MediaRelay } from '../media/media-relay.ts';
import type { CallParties, Peer } from '../peers/peer.ts';
import type { Hop } from '../sip/hop.ts';
import type { Response } from '../sip/message.ts';
import type { CallEnd } from './call-end.ts';
import type { Failover } from './call-state.ts';

/** One place to try, and the peer that it belongs to. */
export interface Attempt {
  readonly peer: Peer;
  readonly hop: Hop;
}

/** Written at start and end of a call, for people: `GET /calls`, the ladder, the log. */
export interface CallRecord {
  readonly id: string;
  /** `teams-to-pbx`: the label of logs and metrics. */
  readonly direction: string;
  readonly fromTrunk: string;
  readonly caller: string;
  readonly called: string;
  readonly startedAtMs: number;
  /** Call-IDs of the caller's leg and of every attempt, in order. */
  readonly callIds: string[];
  toTrunk: string | undefined;
  answeredAtMs: number | undefined;
  endedAtMs: number | undefined;
  end: CallEnd | undefined;
}

export interface CallRecords {
  started(record: CallRecord): void;
  ended(record: CallRecord): void;
}

/** Keeps established calls for a process that is started after this one. */
export interface CallJournal {
  /** Cheap: it asks for the snapshot when it has time. */
  changed(call: JournalledCall): void;
  over(id: string): void;
}

export interface JournalledCall {
  readonly id: string;
  /** A `CallSnapshot`; undefined: there is nothing yet that could go on. */
  snapshot(): unknown;
}

/** A crash takes all calls along. */
export const noJournal: CallJournal = { changed: () => undefined, over: () => undefined };

/** What the network said about a target while a call tried it. */
export interface TargetReports {
  answered(hop: Hop, status: number, retryAfterSeconds: number | undefined): void;
  /** The final response to a request of ours, where it is a refusal. */
  refused(hop: Hop, method: string, response: Response): void;
  silent(hop: Hop): void;
  unreachable(hop: Hop, reason: string): void;
}

export interface CallDeps {
  readonly dialogs: DialogLayer;
  readonly relay: MediaRelay;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly records: CallRecords;
  readonly targets: TargetReports;
  readonly journal: CallJournal;
}

export interface CallSetup {
  readonly invite: IncomingInvite;
  readonly offer: string;
  /** The INVITE held no offer: this one is ours. */
  readonly isDelayed: boolean;
  readonly callerPeer: Peer;
  readonly parties: CallParties;
  /** At least one. */
  readonly attempts: readonly Attempt[];
  /** @default that of calls without a CallRoute */
  readonly failover?: Failover | undefined;
  readonly ringTimeoutMs: number;
  readonly record: CallRecord;
}
