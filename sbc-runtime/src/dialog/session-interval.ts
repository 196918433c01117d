/** What two sides agree about the life of a session: Session-Expires and Min-SE of each INVITE, UPDATE and 2xx (RFC 4028 §7–§9). Pure. */
import type { Request, Response } from '../sip/message.ts';
import { hasOptionTag } from '../sip/option-tag.ts';
import { minSe, sessionExpires } from '../sip/session-expires.ts';
import type { HeaderPair } from '../transaction/transaction-user.ts';

/** RFC 4028 §4: no session may be shorter than this, and we ask for no longer minimum. */
export const MIN_SE_SECONDS = 90;
/** Teams: it answers 422 to less than this. RFC 4028 §4 recommends the same. */
export const SESSION_EXPIRES_SECONDS = 1800;
/** 23 days: more milliseconds than this no timer can wait. */
export const MAX_SECONDS = 2_000_000;

export interface SessionAgreement {
  readonly seconds: number;
  readonly refresher: 'us' | 'peer';
}

export interface SessionAnswer {
  /** Undefined: the session lives until a BYE. */
  readonly agreement: SessionAgreement | undefined;
  /** For our 2xx. */
  readonly headers: readonly HeaderPair[];
}

const noSession: SessionAnswer = { agreement: undefined, headers: [] };

/** RFC 4028 §9: the request is answered 422 with our Min-SE; only who knows the extension can understand that. */
export function isTooShort(request: Request): boolean {
  const asked = sessionExpires(request.headers);
  return asked !== undefined && asked.seconds < MIN_SE_SECONDS && knowsTimer(request);
}

/** RFC 4028 §9, table 2. `running` is what holds until this request. */
export function sessionAnswer(request: Request, running: SessionAgreement | undefined): SessionAnswer {
  const asked = sessionExpires(request.headers);
  if (asked === undefined) {
    // The peer says nothing about it: what was agreed goes on where it knows what that means.
    return running !== undefined && knowsTimer(request) ? answerWith(running, true) : noSession;
  }
  if (asked.seconds < MIN_SE_SECONDS) return noSession;
  const seconds = Math.min(asked.seconds, MAX_SECONDS);
  // A proxy has put it there, and nobody but us could refresh.
  if (!knowsTimer(request)) return answerWith({ seconds, refresher: 'us' }, false);
  return answerWith({ seconds, refresher: refresherOf(asked.refresher, running) }, true);
}

/** Without a word about it, whoever has refreshed goes on; in the beginning that is the side which asked for it. */
function refresherOf(asked: 'uac' | 'uas' | undefined, running: SessionAgreement | undefined): 'us' | 'peer' {
  if (asked === undefined) return running?.refresher ?? 'peer';
  return asked === 'uas' ? 'us' : 'peer';
}

function answerWith(agreement: SessionAgreement, isKnown: boolean): SessionAnswer {
  const value = `${agreement.seconds};refresher=${agreement.refresher === 'us' ? 'uas' : 'uac'}`;
  const expires: HeaderPair = ['Session-Expires', value];
  return { agreement, headers: isKnown ? [expires, ['Require', 'timer']] : [expires] };
}

/** What the peer's 2xx says; undefined: no timer (RFC 4028 §7.2). */
export function agreedBy(response: Response): SessionAgreement | undefined {
  const agreed = sessionExpires(response.headers);
  if (agreed === undefined) return undefined;
  return {
    seconds: Math.max(MIN_SE_SECONDS, Math.min(agreed.seconds, MAX_SECONDS)),
    // Interop: the parameter is a must in a 2xx; where it is missing, a refresh too many does no harm.
    refresher: agreed.refresher === 'uas' ? 'peer' : 'us',
  };
}

/** The Min-SE of a 422; undefined for other responses, and where it is none that we could ask for. */
export function demandedBy(response: Response): number | undefined {
  if (response.status !== 422) return undefined;
  const seconds = minSe(response.headers);
  return seconds === undefined || seconds > MAX_SECONDS ? undefined : seconds;
}

function knowsTimer({ headers }: Request): boolean {
  return hasOptionTag(headers, 'Supported', 'timer') || hasOptionTag(headers, 'Require', 'timer');
}
