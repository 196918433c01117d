/**
 * The session timer of one leg (RFC 4028 §7.4, §10). Pure.
 *
 *          agreed, the peer refreshes
 *   Off ───────────────────────────────► Watching ────────────────┐
 *    │ agreed, we refresh                                          │ deadline
 *    └────► Resting ──half the interval──► Refreshing ─────────────┤
 *              ▲                             │   │ twice the same  │
 *              └──refused, or busy: later────┘   └──► Lapsing ─────┴──► Off, and the call is over
 *
 * Each agreement of a 2xx, from whichever side, begins anew; a 2xx without one leads to Off.
 */
import { MIN_SE_SECONDS, SESSION_EXPIRES_SECONDS, type SessionAgreement } from './session-interval.ts';

export interface SessionTimer {
  readonly phase: 'Off' | 'Watching' | 'Resting' | 'Refreshing' | 'Lapsing';
  /** What holds, and what our next request asks for. */
  readonly seconds: number;
  /** Min-SE of our requests: grows with a 422, once at most. */
  readonly minSeconds: number;
  /** Of the refusal that the next try, or the present one, follows; undefined where there was none. */
  readonly refusedWith: number | undefined;
}

export type SessionEvent =
  | { readonly kind: 'agreed'; readonly agreement: SessionAgreement }
  /** A 2xx without Session-Expires. */
  | { readonly kind: 'not-agreed' }
  /** Its timer: the refresh is due, or should have been answered by now. */
  | { readonly kind: 'refresh-due' }
  /** No re-INVITE can be sent at the moment. */
  | { readonly kind: 'busy'; readonly retryMs: number }
  | {
      readonly kind: 'refused';
      /** Absent: no response. */
      readonly status?: number;
      /** Of a 422. */
      readonly minSeconds?: number;
      /** After a 491. */
      readonly retryMs: number;
      /** The Retry-After of the response. @default 0 */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'deadline' };

export type SessionEffect =
  | { readonly kind: 'start-timer'; readonly timer: 'refresh' | 'deadline'; readonly afterMs: number }
  | { readonly kind: 'stop-timer'; readonly timer: 'refresh' | 'deadline' }
  | { readonly kind: 'refresh' }
  | { readonly kind: 'cancel-refresh' }
  | { readonly kind: 'expire' };

export interface SessionStep {
  readonly next: SessionTimer;
  readonly effects: readonly SessionEffect[];
}

/** Shared by all legs until one has agreed. */
export const noSessionTimer: SessionTimer = {
  phase: 'Off',
  seconds: SESSION_EXPIRES_SECONDS,
  minSeconds: MIN_SE_SECONDS,
  refusedWith: undefined,
};

const stopped: readonly SessionEffect[] = [
  { kind: 'stop-timer', timer: 'refresh' },
  { kind: 'stop-timer', timer: 'deadline' },
];

/** RFC 4028 §10: whoever gives up says BYE a little before the end, or both sides would do so at once. */
const MAX_MARGIN_MS = 32_000;
/** A refresh that got no more than a 100 is cancelled after 64*T1: as long as it hangs, nobody can hold or resume. */
const ANSWER_MS = 32_000;
/** Of the interval: the pause before a refused refresh is tried again, so that half an interval has room for some tries. */
const PAUSES_PER_INTERVAL = 16;

export function step(session: SessionTimer, event: SessionEvent): SessionStep {
  switch (event.kind) {
    case 'agreed':
      return agreed(session, event.agreement);
    case 'not-agreed':
      return { next: { ...session, phase: 'Off' }, effects: stopped };
    case 'refresh-due':
      if (session.phase === 'Refreshing') return { next: session, effects: [{ kind: 'cancel-refresh' }] };
      return session.phase === 'Resting' ? refreshing(session) : ignore(session);
    case 'busy':
      return session.phase === 'Refreshing' ? retry(session, event.retryMs) : ignore(session);
    case 'refused':
      return session.phase === 'Refreshing' ? refused(session, event) : ignore(session);
    case 'deadline':
      if (session.phase === 'Off') return ignore(session);
      return { next: { ...session, phase: 'Off' }, effects: [...stopped, { kind: 'expire' }] };
  }
}

/** RFC 4028 §7.3: what an INVITE that was refused with 422 asks for the next time; undefined where there is no use in one. */
export function raised(session: SessionTimer, minSeconds: number): SessionTimer | undefined {
  const isFirst = session.minSeconds === MIN_SE_SECONDS;
  return isFirst && minSeconds > session.seconds ? { ...session, seconds: minSeconds, minSeconds } : undefined;
}

/** Who refreshes; undefined where no timer runs. */
export function refresherOf({ phase }: SessionTimer): 'us' | 'peer' | undefined {
  if (phase === 'Off') return undefined;
  return phase === 'Watching' ? 'peer' : 'us';
}

function agreed(session: SessionTimer, { seconds, refresher }: SessionAgreement): SessionStep {
  const intervalMs = seconds * 1000;
  const deadline: SessionEffect = {
    kind: 'start-timer',
    timer: 'deadline',
    afterMs: intervalMs - Math.min(MAX_MARGIN_MS, Math.floor(intervalMs / 3)),
  };
  const isOurs = refresher === 'us';
  return {
    next: { ...session, phase: isOurs ? 'Resting' : 'Watching', seconds, refusedWith: undefined },
    effects: [
      isOurs
        ? { kind: 'start-timer', timer: 'refresh', afterMs: intervalMs / 2 }
        : { kind: 'stop-timer', timer: 'refresh' },
      deadline,
    ],
  };
}

function refreshing(session: SessionTimer): SessionStep {
  return {
    next: { ...session, phase: 'Refreshing' },
    effects: [{ kind: 'start-timer', timer: 'refresh', afterMs: ANSWER_MS }, { kind: 'refresh' }],
  };
}

/** RFC 4028 §10: anything but 408 and 481, which end the leg, is tried again, but not on and on where the peer always says the same. */
function refused(session: SessionTimer, event: SessionEvent & { readonly kind: 'refused' }): SessionStep {
  const { status, minSeconds = 0, retryMs, retryAfterMs = 0 } = event;
  const higher = status === 422 ? raised(session, minSeconds) : undefined;
  if (higher !== undefined) return refreshing({ ...higher, refusedWith: status });
  const isSame = status !== undefined && status === session.refusedWith;
  if (isSame && !passes(status))
    return { next: { ...session, phase: 'Lapsing' }, effects: [{ kind: 'stop-timer', timer: 'refresh' }] };
  const intervalMs = session.seconds * 1000;
  const pauseMs = Math.max(intervalMs / PAUSES_PER_INTERVAL, Math.min(retryAfterMs, intervalMs));
  return retry({ ...session, refusedWith: status }, status === 491 && !isSame ? retryMs : pauseMs);
}

/** A peer that is busy, overloaded or cut off: it may well accept the next time. */
function passes(status: number): boolean {
  return status === 491 || status === 500 || status === 503 || status === 504;
}

function retry(session: SessionTimer, afterMs: number): SessionStep {
  return { next: { ...session, phase: 'Resting' }, effects: [{ kind: 'start-timer', timer: 'refresh', afterMs }] };
}

function ignore(session: SessionTimer): SessionStep {
  return { next: session, effects: [] };
}
