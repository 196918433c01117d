/** The receiving half of a leg: a request of the peer inside the dialog, from the checks to the user (RFC 3261 §12.2.2, §14.2, §15.1.2). */
import type { Random } from '../kernel/random.ts';
import type { Request } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import type { Flow, HeaderPair, ServerTransaction } from '../transaction/transaction-user.ts';
import { isInOrder, refreshed, withRemoteSequence, type DialogState } from './dialog-state.ts';
import type { InviteLeg } from './invite-leg.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { hasSdp, refusalOfOffer } from './offer-answer.ts';
import { ReceivedReinvite } from './received-reinvite.ts';
import { refusalOfTheirs } from './reinvite-gate.ts';
import { refusalOf } from './request-screening.ts';

/** RFC 3261 §14.2: Retry-After of a 500 is chosen between 0 and 10 seconds. */
const MAX_RETRY_AFTER_SECONDS = 10;

/** The dialog of the leg that a request belongs to; undefined where Call-ID or From tag are of another one. */
export function dialogFor(leg: InviteLeg, request: Request): DialogState | undefined {
  return request.callId === leg.callId ? leg.dialogWith(request.from.tag ?? '') : undefined;
}

/** Dialogs are told apart by their identifiers, but only the trunk of the dialog may speak in it, from whatever connection. */
export function isOfTrunk(leg: InviteLeg, flow: Flow, { metrics }: LegDependencies): boolean {
  const { trunk } = leg;
  if (trunk !== undefined && (flow.trunks.includes(trunk) || flow.formerTrunks?.includes(trunk) === true)) return true;
  metrics.refused(flow.protocol, 'dialog-of-another-trunk');
  return false;
}

export function receiveInDialog(leg: InviteLeg, transaction: ServerTransaction, dependencies: LegDependencies): void {
  const dialog = dialogFor(leg, transaction.request);
  const refusal = dialog === undefined ? unknownDialog : refusalInDialog(leg, dialog, transaction, dependencies);
  if (refusal !== undefined) {
    refuse(transaction, refusal);
    return;
  }
  leg.hears(transaction.flow);
  if (transaction.request.method === 'BYE') receiveBye(leg, transaction);
  else if (transaction.request.method === 'INVITE') receiveReinvite(leg, transaction, dependencies);
  else receiveOther(leg, transaction, dependencies);
}

interface InDialogRefusal {
  readonly status: number;
  readonly headers?: readonly HeaderPair[];
}

const unknownDialog: InDialogRefusal = { status: 481 };

function refusalInDialog(
  leg: InviteLeg,
  dialog: DialogState,
  { request, flow }: ServerTransaction,
  dependencies: LegDependencies,
): InDialogRefusal | undefined {
  if (!isOfTrunk(leg, flow, dependencies)) return { status: 403 };
  const { number } = request.cseq;
  // A BYE is taken in every state, in any order and whatever it requires: the peer is gone anyway.
  if (request.method === 'BYE') return undefined;
  // RFC 3261 §12.2.2: out of order, not a retransmission.
  if (!isInOrder(dialog, number)) return { status: 500 };
  leg.keep(withRemoteSequence(dialog, number));
  return leg.state === 'Terminated' ? unknownDialog : refusalOf(request, dependencies.supported);
}

function receiveBye(leg: InviteLeg, transaction: ServerTransaction): void {
  transaction.respond(responseTo(transaction.request, 200));
  leg.hungUp(transaction.request);
}

function receiveReinvite(leg: InviteLeg, transaction: ServerTransaction, { random }: LegDependencies): void {
  const { request } = transaction;
  const user = leg.inviteUser;
  const status = refusalOfTheirs(leg.invites) ?? (user === undefined ? 500 : undefined);
  if (user === undefined || status !== undefined) {
    refuse(transaction, forNow(status, random));
    return;
  }
  const refusal = leg.refusalOfSession(request);
  if (refusal !== undefined) {
    refuse(transaction, refusal);
    return;
  }
  refreshTarget(leg, request);
  leg.began(transaction);
  user.onReinvite(new ReceivedReinvite(leg, transaction));
}

function receiveOther(leg: InviteLeg, transaction: ServerTransaction, { random }: LegDependencies): void {
  const { request } = transaction;
  if (request.method === 'PRACK') {
    leg.pracked(transaction);
    return;
  }
  const isUpdate = request.method === 'UPDATE';
  const tooShort = isUpdate ? leg.refusalOfSession(request) : undefined;
  if (tooShort !== undefined) {
    refuse(transaction, tooShort);
    return;
  }
  const isOffer = isUpdate && hasSdp(request);
  const status = isOffer ? refusalOfOffer(leg.offerAnswer) : undefined;
  const user = leg.inviteUser;
  if (user === undefined || status !== undefined || !leg.opened(transaction, isOffer)) {
    refuse(transaction, forNow(status, random));
    return;
  }
  if (!isUpdate) {
    user.onRequest(transaction);
    leg.offered();
    return;
  }
  refreshTarget(leg, request);
  user.onUpdate(new ReceivedReinvite(leg, transaction));
}

function refreshTarget(leg: InviteLeg, request: Request): void {
  const dialog = dialogFor(leg, request);
  if (dialog !== undefined) leg.keep(refreshed(dialog, request));
}

/** @default 500 with Retry-After */
function forNow(status: 491 | 500 | undefined, random: Random): InDialogRefusal {
  if (status === 491) return { status };
  return { status: 500, headers: [['Retry-After', String(random.below(MAX_RETRY_AFTER_SECONDS + 1))]] };
}

function refuse(transaction: ServerTransaction, { status, headers = [] }: InDialogRefusal): void {
  transaction.respond(responseTo(transaction.request, status, { headers }));
}
