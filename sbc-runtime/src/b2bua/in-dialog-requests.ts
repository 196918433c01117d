/**
 * Requests inside a call that its other side never hears of: OPTIONS, INFO, NOTIFY and what we do not know. Pure.
 * INVITE, UPDATE, PRACK and BYE have their own ways (`call-side.ts` and the dialog room).
 */
import type { Request } from '../sip/message.ts';

export interface InDialogAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** What our answers say about us. */
export interface OurSide {
  readonly contact: string;
  /** Allow and the like, as in every message that makes a dialog. */
  readonly headers: readonly (readonly [string, string])[];
}

export function answerInDialog(request: Request, us: OurSide): InDialogAnswer {
  switch (request.method) {
    case 'OPTIONS':
      return { status: 200, headers: [['Contact', us.contact], ...allowOf(us)] };
    case 'INFO':
      return answerToInfo(request);
    case 'NOTIFY':
      // RFC 6665 §4.1.3: there is no subscription that it could belong to.
      return { status: 481, headers: [] };
    default:
      return { status: 405, headers: allowOf(us) };
  }
}

/** RFC 3311 §5.2, RFC 3261 §8.2.3: an UPDATE without a session description refreshes, or brings what nobody here can read. */
export function answerToUpdateWithoutSdp(update: Request): InDialogAnswer {
  if (update.body === '') return { status: 200, headers: [] };
  return { status: 415, headers: [['Accept', 'application/sdp']] };
}

/** Teams: no INFO ever reaches it, so that saying yes to what stands in one would be a lie. */
function answerToInfo(info: Request): InDialogAnswer {
  // RFC 6086 §4.2.2: we have announced no package; an empty Recv-Info says so again.
  if (info.headers.has('Info-Package')) return { status: 469, headers: [['Recv-Info', '']] };
  // RFC 2976 §2.4: an INFO without a body asks whether the call is alive.
  if (info.body === '') return { status: 200, headers: [] };
  // RFC 3261 §20.1: an empty Accept: no type is.
  return { status: 415, headers: [['Accept', '']] };
}

function allowOf(us: OurSide): readonly (readonly [string, string])[] {
  return us.headers.filter(([name]) => name === 'Allow');
}
