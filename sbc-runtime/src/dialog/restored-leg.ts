/** A leg of an earlier process: its dialog stands, whoever called (RFC 3261 §12). What that process had in progress is lost. */
import type { Response } from '../sip/message.ts';
import { requestInDialog } from './dialog-message.ts';
import type { InviteUser, LocalIdentity } from './invite-user.ts';
import { InviteLeg } from './invite-leg.ts';
import type { LegDependencies } from './leg-dependencies.ts';
import { resumed, type LegSnapshot } from './leg-snapshot.ts';
import { destination } from './next-hop.ts';

export class RestoredLeg extends InviteLeg {
  readonly callId: string;
  readonly ownsCallId: boolean;

  constructor(dependencies: LegDependencies, snapshot: LegSnapshot, identity: LocalIdentity, user: InviteUser) {
    const { dialog, ownsCallId } = snapshot;
    super(dependencies, dialog.localTag);
    this.callId = dialog.callId;
    this.ownsCallId = ownsCallId;
    this.identity = identity;
    this.user = user;
    this.dialog = resumed(dialog);
    this.heardFrom = snapshot.heardFrom;
    this.current = 'Confirmed';
  }

  /** Starts what waits for its time. `passedMs`: since the snapshot. */
  start({ session }: LegSnapshot, passedMs: number): void {
    if (session !== undefined) this.session.resume(session, passedMs);
  }

  /** RFC 3261 §13.2.2.4: the peer repeats its 2xx to an INVITE of the process that is gone until somebody acknowledges it. */
  answeredBefore(response: Response): void {
    const { dialog, identity } = this;
    if (this.current !== 'Confirmed' || dialog === undefined || identity === undefined) return;
    if (response.callId !== this.callId || (response.to.tag ?? '') !== dialog.remoteTag) return;
    const to = destination(dialog, identity, this.heardFrom);
    if (to.kind === 'unreachable') return;
    const sequence = response.cseq.number;
    const ack = requestInDialog('ACK', dialog, identity, { ...to, sequence, parts: {} });
    this.dependencies.transactions.send(ack, to.hop);
  }

  protected override endEarly(): void {
    this.end();
  }
}
