/** What every transaction shell is given: the ports of the room and the way to give up its place in the tables. */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { Hop } from '../sip/hop.ts';
import type { Request } from '../sip/message.ts';
import type { Flow, Transports } from '../transport/transport-user.ts';
import type { Occupancy } from './occupancy.ts';
import type { HeaderPair, RequestTimers } from './transaction-user.ts';

/** A CANCEL on its way: same branch and same path as its INVITE (RFC 3261 §9.1). */
export interface CancelParams {
  readonly cancel: Request;
  /** What it carries beyond RFC 3261 §9.1; it goes without where it is too large. */
  readonly extras: readonly HeaderPair[];
  readonly branch: string;
  readonly hop: Hop;
  /** The flow that the INVITE took, as far as it is known. */
  readonly flow: Flow | undefined;
}

export interface TransactionRoom {
  readonly transports: Transports;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly timers: RequestTimers;
  sendCancel(params: CancelParams): void;
  forgetClient(key: string): void;
  forgetServer(key: string): void;
  forgetMerged(key: string): void;
  readonly occupancy: Occupancy;
  /** The ACK of a 2xx. */
  tellAck(ack: Request, flow: Flow): void;
  /** A callback of a user threw: counted and logged, with the method or status it was about. */
  userFailed(error: unknown, about: string): void;
}
