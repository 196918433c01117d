/** Session-Expires and Min-SE (RFC 4028 §4, §5): a number of seconds, then parameters. Pure. */
import { isBlank, SEMICOLON } from './characters.ts';
import type { Headers } from './headers.ts';
import { Params, scanHeaderParams } from './params.ts';

export interface SessionExpires {
  readonly seconds: number;
  /** Which side of this transaction refreshes. */
  readonly refresher: 'uac' | 'uas' | undefined;
}

/** Undefined where the header is absent or starts with no number. */
export function sessionExpires(headers: Headers): SessionExpires | undefined {
  const value = headers.get('Session-Expires');
  if (value === undefined) return undefined;
  const seconds = deltaSeconds(value);
  if (seconds === undefined) return undefined;
  const params = new Params();
  const semicolon = value.indexOf(';');
  if (semicolon >= 0) scanHeaderParams(value, semicolon, params, false);
  const refresher = params.get('refresher')?.toLowerCase();
  return { seconds, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined };
}

/** Undefined where the header is absent or starts with no number. */
export function minSe(headers: Headers): number | undefined {
  const value = headers.get('Min-SE');
  return value === undefined ? undefined : deltaSeconds(value);
}

/** RFC 3261 §25.1: digits alone, up to a parameter. */
function deltaSeconds(value: string): number | undefined {
  let seconds = 0;
  let at = 0;
  for (; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) break;
    seconds = seconds * 10 + digit;
  }
  const isNumber =
    at > 0 && (at === value.length || value.charCodeAt(at) === SEMICOLON || isBlank(value.charCodeAt(at)));
  return isNumber && Number.isSafeInteger(seconds) ? seconds : undefined;
}
