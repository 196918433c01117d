/** The dialog room (RFC 3261 §12): finds the leg that a message belongs to, or makes one. */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { Credentials } from '../sip/digest.ts';
import type { Request, Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type {
  Flow,
  RequestTimers,
  ServerTransaction,
  TransactionUser,
  Transactions,
} from '../transaction/transaction-user.ts';
import { rfc3261Timers } from '../transaction/transaction-user.ts';
import { dialogFor, isOfTrunk, receiveInDialog } from './in-dialog-request.ts';
import { IncomingInviteLeg } from './incoming-invite-leg.ts';
import type { InviteLeg } from './invite-leg.ts';
import type {
  DialogLayerUser,
  InviteUser,
  Leg,
  LocalIdentity,
  OutgoingInvite,
  OutgoingInviteParams,
} from './invite-user.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import type { LegSnapshot } from './leg-snapshot.ts';
import { OutgoingInviteLeg } from './outgoing-invite-leg.ts';
import { refusalOf, refusalOfInvite, type Refusal } from './request-screening.ts';
import { RestoredLeg } from './restored-leg.ts';

export interface DialogLayerParams {
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** @default rfc3261Timers */
  readonly timers?: RequestTimers;
  /** Option tags that a peer may put in Require: of `timer` (RFC 4028) and `100rel` (RFC 3262, as the UAS) the room makes use itself. @default none */
  readonly supported?: readonly string[];
  /** What requests of a trunk carry once its peer has asked (RFC 3261 §22). @default nothing */
  readonly credentials?: (trunk: string) => Credentials | undefined;
  /** Legs alive at once; beyond them an INVITE gets 503, and one of ours fails with `no-room`. @default 200000 */
  readonly maxLegs?: number;
}

/** Two legs for each of the most calls that `limits.maxCalls` of the routing state may allow. */
const DEFAULT_MAX_LEGS = 200_000;

export class DialogLayer implements TransactionUser {
  readonly #dependencies: LegDependencies;
  readonly #maxLegs: number;
  /** By our tag: 96 random bits, so that Call-ID and remote tag need only be compared. */
  readonly #legs = new Map<string, InviteLeg>();
  /** INVITEs outside dialogs that have no final response, for their CANCEL. */
  readonly #unanswered = new Map<ServerTransaction, IncomingInviteLeg>();
  #user: DialogLayerUser | undefined;

  constructor(params: DialogLayerParams) {
    const { transactions, clock, random, log, metrics } = params;
    this.#maxLegs = params.maxLegs ?? DEFAULT_MAX_LEGS;
    this.#dependencies = {
      ...{ transactions, clock, random, log, metrics },
      timers: params.timers ?? rfc3261Timers,
      supported: (params.supported ?? []).map((tag) => tag.toLowerCase()),
      credentials: params.credentials ?? (() => undefined),
      forget: (leg) => void this.#legs.delete(leg.localTag),
      answered: (invite) => void this.#unanswered.delete(invite),
    };
    transactions.deliverTo(this);
  }

  deliverTo(user: DialogLayerUser): void {
    this.#user = user;
  }

  /** Legs alive: INVITEs in progress, dialogs, and dialogs whose BYE is not answered yet. */
  get size(): number {
    return this.#legs.size;
  }

  /** The trunks that have legs, and on the clock when the oldest of each began: rules older than that are still needed. */
  trunksInUse(): ReadonlyMap<string, number> {
    const oldestMs = new Map<string, number>();
    // In the order of their beginning.
    for (const { trunks, startedMs } of this.#legs.values())
      for (const trunk of trunks) if (!oldestMs.has(trunk)) oldestMs.set(trunk, startedMs);
    return oldestMs;
  }

  /** Calls. The user hears nothing before this returns. */
  invite(params: OutgoingInviteParams, user: InviteUser): OutgoingInvite {
    const leg = new OutgoingInviteLeg(this.#dependencies, params, user);
    if (this.#legs.size >= this.#maxLegs) {
      leg.failWithoutRoom();
      return leg;
    }
    this.#legs.set(leg.localTag, leg);
    try {
      leg.start(params);
    } catch (error) {
      // What cannot be written is not sent, and nobody would ever end this leg.
      this.#legs.delete(leg.localTag);
      throw error;
    }
    return leg;
  }

  /** A dialog of an earlier process goes on; `passedMs` since the snapshot. Not held to `maxLegs`: it was, when it began. */
  restore(snapshot: LegSnapshot, identity: LocalIdentity, user: InviteUser, passedMs: number): Leg {
    const leg = new RestoredLeg(this.#dependencies, snapshot, identity, user);
    this.#legs.set(leg.localTag, leg);
    leg.start(snapshot, passedMs);
    return leg;
  }

  onStrayResponse(response: Response): void {
    if (response.status < 200 || response.status > 299 || response.cseq.method !== 'INVITE') return;
    const leg = this.#legs.get(response.from.tag ?? '');
    // Any other leg has seen to it that each of its 2xx is acknowledged.
    if (leg instanceof RestoredLeg) leg.answeredBefore(response);
  }

  onRequest(transaction: ServerTransaction): void {
    const { request } = transaction;
    const toTag = request.to.tag;
    if (toTag !== undefined) {
      const leg = this.#legs.get(toTag);
      if (leg === undefined) transaction.respond(responseTo(request, 481));
      else receiveInDialog(leg, transaction, this.#dependencies);
      return;
    }
    const refusal = isOnlyFormer(transaction.flow)
      ? { status: 403, counted: 'source-no-longer-allowed' }
      : (refusalOf(request, this.#dependencies.supported) ?? this.#refusalOfInvite(request));
    if (refusal !== undefined) this.#refuse(transaction, refusal);
    else if (this.#user === undefined) this.#refuse(transaction, { status: 503, counted: 'not-ready' });
    else if (request.method === 'INVITE') this.#offer(transaction, this.#user);
    else this.#user.onRequest(transaction);
  }

  knowsDialogOf({ to }: Request): boolean {
    return this.#legs.has(to.tag ?? '');
  }

  /** Its answer is the same each time: a flood of them takes up nothing, and the other trunks go on hearing that we live. */
  isAnsweredAnew({ method, to }: Request): boolean {
    return method === 'OPTIONS' && to.tag === undefined;
  }

  onAck(ack: Request, flow: Flow): void {
    const leg = this.#legs.get(ack.to.tag ?? '');
    if (leg === undefined || dialogFor(leg, ack) === undefined) return;
    if (isOfTrunk(leg, flow, this.#dependencies)) leg.acknowledged(ack);
  }

  onCancel(invite: ServerTransaction, cancel: Request): void {
    const toTag = invite.request.to.tag;
    if (toTag === undefined) this.#unanswered.get(invite)?.cancelled(cancel);
    else this.#legs.get(toTag)?.reinviteCancelled(invite);
  }

  #refusalOfInvite(request: Request): Refusal | undefined {
    if (request.method !== 'INVITE') return undefined;
    return (
      refusalOfInvite(request, this.#dependencies.supported) ??
      (this.#legs.size >= this.#maxLegs ? { status: 503, counted: 'too-many-legs' } : undefined)
    );
  }

  #refuse(transaction: ServerTransaction, { status, counted, ...options }: Refusal): void {
    this.#dependencies.metrics.refused(transaction.flow.protocol, counted);
    transaction.respond(
      responseTo(transaction.request, status, { toTag: this.#dependencies.random.token(), ...options }),
    );
  }

  #offer(transaction: ServerTransaction, user: DialogLayerUser): void {
    const leg = new IncomingInviteLeg(this.#dependencies, transaction);
    this.#legs.set(leg.localTag, leg);
    this.#unanswered.set(transaction, leg);
    try {
      user.onInvite(leg);
    } catch (error) {
      // A bug above ends this call: the room below answers, and nothing may stay here.
      if (leg.state === 'Early') leg.reject(500);
      else leg.bye();
      throw error;
    }
  }
}

/** A source that only a rule of an earlier document lets in finishes its dialogs and begins nothing. */
const isOnlyFormer = ({ trunks, formerTrunks }: Flow): boolean => trunks.length === 0 && formerTrunks !== undefined;
