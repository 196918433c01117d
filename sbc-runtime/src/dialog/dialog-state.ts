/**
 * What a dialog is (RFC 3261 §12): identifiers, sequence numbers, route set and remote target. Pure.
 *
 *     1xx with To tag        2xx                      BYE, 481, …
 *   ──────────────────► Early ────► Confirmed ─────────────────────► Terminated
 *
 * The state word lives in the leg; early and confirmed dialogs hold the same facts.
 */
import { parseNameAddr } from '../sip/name-addr.ts';
import type { Request, Response } from '../sip/message.ts';
import { detached } from '../sip/detached.ts';

export interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  /** Empty where an RFC 2543 peer has none (RFC 3261 §12.1.1). */
  readonly remoteTag: string;
  /** From value of our requests, with tag. */
  readonly localParty: string;
  /** To value of our requests, with tag. */
  readonly remoteParty: string;
  /** CSeq number of our last request. */
  readonly localSequence: number;
  /** CSeq number of the peer's last request in order; undefined before the first. */
  readonly remoteSequence: number | undefined;
  /** Request URI of our requests, verbatim: unknown parameters are the peer's business. */
  readonly remoteTarget: string;
  /** Route values in the order in which our requests carry them. */
  readonly routeSet: readonly string[];
}

/** What the dialogs of our INVITE have in common: all that is kept of it once it was answered. */
export interface InviteOrigin {
  readonly callId: string;
  readonly localTag: string;
  /** From value, with tag. */
  readonly localParty: string;
  readonly sequence: number;
  readonly requestUri: string;
}

/** RFC 3261 §12.1.2: a response with To tag to our INVITE makes a dialog. */
export function dialogOfUac(origin: InviteOrigin, response: Response): DialogState {
  const routes = response.headers.list('Record-Route');
  routes.reverse();
  const [remoteTag = '', remoteParty = '', remoteTarget = '', ...routeSet] = detachedTexts([
    response.to.tag ?? '',
    response.headers.get('To') ?? '',
    // Interop: a 2xx without Contact is broken, but its sender answers where the INVITE went.
    response.contact?.uri ?? origin.requestUri,
    ...routes,
  ]);
  return {
    callId: origin.callId,
    localTag: origin.localTag,
    remoteTag,
    localParty: origin.localParty,
    remoteParty,
    remoteTarget,
    routeSet,
    localSequence: origin.sequence,
    remoteSequence: undefined,
  };
}

/** RFC 3261 §12.1.1: our response with `localTag` makes the dialog of a received INVITE that has a Contact. */
export function dialogOfUas(invite: Request, localTag: string): DialogState {
  const [callId = '', remoteTag = '', to = '', remoteParty = '', remoteTarget = '', ...routeSet] = detachedTexts([
    invite.callId,
    invite.from.tag ?? '',
    invite.headers.get('To') ?? '',
    invite.headers.get('From') ?? '',
    invite.contact?.uri ?? '',
    ...invite.headers.list('Record-Route'),
  ]);
  return {
    callId,
    localTag,
    remoteTag,
    localParty: `${to};tag=${localTag}`,
    remoteParty,
    remoteTarget,
    routeSet,
    // RFC 3261 §12.1.1 leaves it empty; the first request takes 1.
    localSequence: 0,
    remoteSequence: invite.cseq.number,
  };
}

/** RFC 3261 §13.2.2.4: the 2xx recomputes route set and remote target of its early dialog; the sequence numbers stay. */
export function confirmedBy(early: DialogState | undefined, origin: InviteOrigin, response: Response): DialogState {
  const dialog = dialogOfUac(origin, response);
  if (early === undefined) return dialog;
  const { localSequence, remoteSequence } = early;
  return { ...dialog, localSequence, remoteSequence };
}

/** RFC 3261 §12.2.1.1: each request but ACK and CANCEL takes the next number. */
export function withNextSequence(dialog: DialogState): DialogState {
  return { ...dialog, localSequence: dialog.localSequence + 1 };
}

/** RFC 3261 §12.2.2: a number below the last one is out of order and answered 500; gaps are legal. */
export function isInOrder(dialog: DialogState, sequence: number): boolean {
  return dialog.remoteSequence === undefined || sequence >= dialog.remoteSequence;
}

export function withRemoteSequence(dialog: DialogState, sequence: number): DialogState {
  return dialog.remoteSequence === sequence ? dialog : { ...dialog, remoteSequence: sequence };
}

/** The dialog after a re-INVITE, an UPDATE or their 2xx (RFC 3261 §12.2.1.2 and §12.2.2, RFC 3311 §5); the same object where Contact is absent or repeats what we know. */
export function refreshed(dialog: DialogState, message: Request | Response): DialogState {
  const target = message.contact?.uri;
  if (target === undefined || target === dialog.remoteTarget) return dialog;
  return { ...dialog, remoteTarget: detached(target) };
}

/** The URI of a Route or Record-Route element; undefined where it is none. */
export function routeUri(element: string): string | undefined {
  return parseNameAddr(element)?.uri;
}

/**
 * Copies that share one small string of their own: header values are slices of the received message, and a slice
 * keeps the whole message in memory for as long as the call lasts.
 */
function detachedTexts(texts: readonly string[]): string[] {
  return texts.join('\n').split('\n');
}
