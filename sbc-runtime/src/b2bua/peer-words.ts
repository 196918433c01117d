/** What peers write, as long as a person reads it: in lines of the log and in records that stay for thousands of calls. Pure. */
import { MAX_REASON } from '../peers/sendable.ts';
import { detached } from '../sip/detached.ts';

const MAX_NUMBER = 128;

/** A Reason header's value. */
export function readableReason(value: string): string {
  return cut(value, MAX_REASON);
}

/** The user part of a URI. */
export function readableNumber(user: string): string {
  return cut(user, MAX_NUMBER);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : detached(`${text.slice(0, length - 1)}…`);
}
