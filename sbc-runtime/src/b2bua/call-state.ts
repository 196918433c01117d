/**
 * The call as a machine over two legs. Types only; `call-setup.ts`, `reinvite.ts`, `delayed-offer.ts`, `settling.ts` (with
 * `disagreement.ts`) and `hang-up.ts` hold the decisions, and `call-step.ts` picks among them.
 *
 *              INVITE in                relay has our offer           2xx in, ACKed            relay has the answer
 *   (caller) ────────────► Offering ──────────────────────► Inviting ───────────────► Answering ──────────────────► Connected
 *                             │ relay refused / away           │ refused, no target left    │ no answer, relay refused   │ BYE of either side
 *                             │ CANCEL                         │ CANCEL, ring timeout       │ CANCEL                     │ dialog gone, ACK timeout
 *                             └──────────────┬─────────────────┴──────────────┬─────────────┴────────────────────────────┘
 *                                            ▼                                ▼
 *                                          Ended: both legs over, relay session deleted, call record written
 */
import type { MediaResult } from '../media/media-relay.ts';
import type { CallEnd } from './call-end.ts';
import type { Disagreement } from './disagreement.ts';
import { noEarlySdp, type EarlySdp } from './early-sdp.ts';

export type LegName = 'caller' | 'callee';
/** How a leg ends by itself, as the dialog room names it. */
export type LegEndKind = 'ack-timeout' | 'cancelled' | 'gone' | 'session-expired';
export type Phase = 'Offering' | 'Inviting' | 'Answering' | 'Connected' | 'Ended';

/**
 * A re-INVITE on its way through us: the offer to the relay, the re-INVITE to the other leg, the answer to the relay.
 * Without an offer in it, the stages of `delayed-offer.ts` come before, with an answer to nobody at the end.
 */
export interface Exchange {
  /** Tells its answers from those of an exchange that was given up before. */
  readonly id: number;
  readonly from: LegName;
  readonly stage:
    'Composing' | 'Offered' | 'Hearing' | 'Restoring' | 'Settling' | 'Offering' | 'Inviting' | 'Answering';
  /** It is the offer in the 2xx of the call's own INVITE: there is nothing to fall back to. */
  readonly isFirst?: boolean;
  /** `from` has our 2xx already and waits for nothing: what the other leg is asked again for. */
  readonly over?: 'Direction' | 'Codec';
  /** `from` has cancelled after the other leg had accepted: that one is asked again. */
  readonly isWithdrawn?: boolean;
  /** How often in a row the other leg has said 491 to what it is asked again for. */
  readonly glares?: number;
}

/** Somebody must still be told, after glare: what `leg` has answered is not what the other one lives by. */
export interface Unsettled {
  readonly leg: LegName;
  readonly glares: number;
}

/** What a CallRoute says about targets that do not take the call. */
export interface Failover {
  /** Final responses on which the next destination is tried. */
  readonly statuses: ReadonlySet<number>;
  /** For each attempt, the first one of the destination behind its own. */
  readonly nextDestination: readonly number[];
}

export interface CallState {
  readonly phase: Phase;
  /** Which target is being tried, from 0. */
  readonly attempt: number;
  readonly targets: number;
  /** Absent: no CallRoute has chosen them. */
  readonly failover: Failover | undefined;
  /** An 18x has reached the caller. */
  readonly rang: boolean;
  /** The SDP of 18x, for a 2xx that comes without one. */
  readonly early: readonly EarlySdp[];
  /** Of those, what the relay was asked to carry before the answer. */
  readonly relayed: readonly EarlySdp[];
  /** Its latest word on it, as the caller heard it. */
  readonly earlyWord: string | undefined;
  readonly exchange: Exchange | undefined;
  /** How many there were: the next one's id. */
  readonly exchanges: number;
  /** The callee's BYE has overtaken the relay's answer to its 2xx: its Reason headers, until the caller has the 200. */
  readonly calleeBye: readonly string[] | undefined;
  /** The caller's INVITE held no offer: it gets ours in the 2xx. */
  readonly isDelayed: boolean;
  readonly unsettled: Unsettled | undefined;
}

/** Why an attempt did not become a call. `status` absent: nobody answered. */
export interface AttemptFailure {
  readonly status: number | undefined;
  readonly phrase: string | undefined;
  /** Reason header values (RFC 3326), carried to the caller. */
  readonly reasons: readonly string[];
  /** We could not send it, for its size; another target may stand behind another transport. */
  readonly isOurs?: true;
}

/** How the other leg took a re-INVITE. */
export type ReinviteOutcome =
  /** `offer`: what we asked it with. */
  | { readonly kind: 'answered'; readonly sdp: string | undefined; readonly offer: string }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'silent' };

export type CallTimer = 'ring' | 'attempt' | 'reinvite' | 'glare';

export type CallEvent =
  | { readonly kind: 'media-offered'; readonly result: MediaResult }
  | { readonly kind: 'trying' }
  | { readonly kind: 'sent-again' }
  | {
      readonly kind: 'provisional';
      readonly status: number;
      readonly sdp: string | undefined;
      /** The To tag. @default none */
      readonly tag?: string;
    }
  | { readonly kind: 'early-media-answered'; readonly status: number; readonly result: MediaResult }
  /** SDP in an 18x of the fork with this To tag, whether or not the caller hears of it. */
  | { readonly kind: 'early-sdp'; readonly tag: string; readonly sdp: string }
  | { readonly kind: 'answered'; readonly sdp: string | undefined; readonly tag?: string }
  | { readonly kind: 'media-answered'; readonly result: MediaResult }
  | { readonly kind: 'failed'; readonly failure: AttemptFailure }
  | { readonly kind: 'attempt-timeout' }
  | { readonly kind: 'ring-timeout' }
  | { readonly kind: 'cancelled'; readonly reasons: readonly string[] }
  | { readonly kind: 'bye'; readonly from: LegName; readonly reasons: readonly string[] }
  | { readonly kind: 'leg-ended'; readonly leg: LegName; readonly why: LegEndKind }
  | { readonly kind: 'reinvite'; readonly from: LegName; readonly sdp: string; readonly unchanged: boolean }
  | { readonly kind: 'reinvite-offered'; readonly exchange: number; readonly result: MediaResult }
  | {
      readonly kind: 'reinvite-outcome';
      readonly exchange: number;
      readonly by: LegName;
      readonly outcome: ReinviteOutcome;
    }
  | { readonly kind: 'reinvite-answered'; readonly exchange: number; readonly result: MediaResult }
  | { readonly kind: 'reinvite-timeout' }
  | { readonly kind: 'reinvite-cancelled'; readonly from: LegName }
  | { readonly kind: 'reinvite-without-offer'; readonly from: LegName }
  | { readonly kind: 'offer-composed'; readonly exchange: number; readonly result: MediaResult }
  /** An ACK that should hold an answer; `sdp` undefined: it holds none that can be used. */
  | { readonly kind: 'offer-answered'; readonly from: LegName; readonly sdp: string | undefined }
  | { readonly kind: 'answer-heard'; readonly exchange: number; readonly result: MediaResult }
  /** The relay has heard, or refused, an answer that came late. */
  | { readonly kind: 'late-answer-taken'; readonly exchange: number }
  | { readonly kind: 'compared'; readonly exchange: number; readonly over: Disagreement; readonly sdp: string }
  | { readonly kind: 'glare-timeout' }
  | { readonly kind: 'end'; readonly end: CallEnd };

export type CallEffect =
  | { readonly kind: 'offer-media' }
  | { readonly kind: 'invite'; readonly attempt: number; readonly sdp: string }
  | { readonly kind: 'ring'; readonly status: number; readonly sdp: string | undefined }
  | { readonly kind: 'answer-media'; readonly sdp: string; readonly early: number | undefined }
  | { readonly kind: 'ack-callee' }
  | { readonly kind: 'accept'; readonly sdp: string }
  | {
      readonly kind: 'reject';
      readonly status: number;
      readonly phrase?: string;
      readonly reasons?: readonly string[];
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'cancel-callee'; readonly reasons: readonly string[] }
  | { readonly kind: 'bye'; readonly leg: LegName; readonly reasons: readonly string[] }
  | { readonly kind: 'start-timer'; readonly timer: CallTimer }
  | { readonly kind: 'stop-timer'; readonly timer: CallTimer }
  | { readonly kind: 'offer-reinvite'; readonly exchange: number; readonly from: LegName; readonly sdp: string }
  | { readonly kind: 'send-reinvite'; readonly exchange: number; readonly to: LegName; readonly sdp: string }
  | { readonly kind: 'ack-reinvite'; readonly leg: LegName }
  | { readonly kind: 'cancel-reinvite'; readonly leg: LegName }
  | {
      readonly kind: 'answer-reinvite-media';
      readonly exchange: number;
      readonly from: LegName;
      readonly offer: string;
      readonly sdp: string;
    }
  /** RFC 3261 §14.1: a re-INVITE that failed leaves everything as it was, at the relay as well. */
  | { readonly kind: 'undo-reinvite'; readonly from: LegName }
  /** `leg` has accepted an offer of ours that was taken back; `exchange` undefined: the relay is busy with another one. */
  | {
      readonly kind: 'take-late-answer';
      readonly exchange: number | undefined;
      readonly leg: LegName;
      readonly offer: string;
      readonly sdp: string | undefined;
    }
  | { readonly kind: 'accept-reinvite'; readonly leg: LegName; readonly sdp: string }
  | { readonly kind: 'accept-refresh'; readonly leg: LegName }
  | {
      readonly kind: 'reject-reinvite';
      readonly leg: LegName;
      readonly status: number;
      readonly retryAfterSeconds?: number;
    }
  /** To the relay: what the other leg can do, for this one. */
  | { readonly kind: 'compose-offer'; readonly exchange: number; readonly leg: LegName }
  | { readonly kind: 'accept-with-offer'; readonly leg: LegName; readonly sdp: string }
  | { readonly kind: 'await-answer'; readonly leg: LegName }
  | { readonly kind: 'hear-answer'; readonly exchange: number; readonly leg: LegName; readonly sdp: string }
  | { readonly kind: 'compare'; readonly exchange: number; readonly leg: LegName }
  | { readonly kind: 'delete-media' }
  | { readonly kind: 'over'; readonly end: CallEnd };

export interface CallStep {
  readonly next: CallState;
  readonly effects: readonly CallEffect[];
}

export function newCall(targets: number, isDelayed = false, failover?: Failover): CallState {
  return {
    phase: 'Offering',
    attempt: 0,
    targets,
    failover,
    rang: false,
    early: noEarlySdp,
    relayed: noEarlySdp,
    earlyWord: undefined,
    exchange: undefined,
    exchanges: 0,
    calleeBye: undefined,
    isDelayed,
    unsettled: undefined,
  };
}

/** One that an earlier process has connected. */
export function connectedCall(): CallState {
  return { ...newCall(1), phase: 'Connected', rang: true };
}

/** Once a callee has answered, or nobody will. */
export const noEarlyMedia = { early: noEarlySdp, relayed: noEarlySdp, earlyWord: undefined } as const;

const nothing: readonly CallEffect[] = [];
const stopGlare: readonly CallEffect[] = [{ kind: 'stop-timer', timer: 'glare' }];

/** An event that this state takes no notice of; named so that the choice can be read. */
export function ignore(call: CallState): CallStep {
  return { next: call, effects: nothing };
}

/** The last step of every call: whatever was open is closed by `effects`, then the relay session and the record. */
export function endCall(call: CallState, end: CallEnd, effects: readonly CallEffect[]): CallStep {
  return {
    next: { ...call, phase: 'Ended', ...noEarlyMedia, exchange: undefined },
    effects: [
      { kind: 'stop-timer', timer: 'attempt' },
      { kind: 'stop-timer', timer: 'ring' },
      { kind: 'stop-timer', timer: 'reinvite' },
      ...(call.unsettled === undefined ? nothing : stopGlare),
      ...effects,
      { kind: 'delete-media' },
      { kind: 'over', end },
    ],
  };
}

export function otherLeg(leg: LegName): LegName {
  return leg === 'caller' ? 'callee' : 'caller';
}
