/** For tests: writes down what the dialog room tells. */
import type { Request, Response } from '../../sip/message.ts';
import type { ServerTransaction } from '../../transaction/transaction-user.ts';
import type { IncomingReinvite, InviteFailure, InviteUser, LegEnd, Parts, RequestResult } from '../invite-user.ts';

export class RecordingUser implements InviteUser {
  readonly events: string[] = [];
  readonly reinvites: IncomingReinvite[] = [];
  readonly updates: IncomingReinvite[] = [];
  readonly requests: ServerTransaction[] = [];
  /** What a refresh says. */
  refresh: Parts | undefined;
  lastAck: Request | undefined;

  /** The events since the last call. */
  heard(): string[] {
    return this.events.splice(0);
  }

  onProvisional(response: Response): void {
    this.events.push(`provisional ${response.status} of ${response.to.tag ?? 'nobody'}`);
  }

  onAnswered(response: Response): void {
    this.events.push(`answered by ${response.to.tag ?? 'nobody'}`);
  }

  onFailure(failure: InviteFailure): void {
    this.events.push(`failure ${written(failure)}`);
  }

  onCancel(cancel: Request): void {
    this.events.push(`cancel${cancel.headers.has('Reason') ? `, ${cancel.headers.get('Reason') ?? ''}` : ''}`);
  }

  onAck(ack: Request): void {
    this.lastAck = ack;
    this.events.push(`ack ${ack.cseq.number}`);
  }

  onReinvite(reinvite: IncomingReinvite): void {
    this.reinvites.push(reinvite);
    this.events.push('reinvite');
  }

  onReinviteCancelled(): void {
    this.events.push('reinvite cancelled');
  }

  onUpdate(update: IncomingReinvite): void {
    this.updates.push(update);
    this.events.push('UPDATE');
  }

  onRefreshDue(): Parts | undefined {
    this.events.push('refresh due');
    return this.refresh;
  }

  onRefreshed(): void {
    this.events.push('refreshed');
  }

  onRequest(transaction: ServerTransaction): void {
    this.requests.push(transaction);
    this.events.push(transaction.request.method);
  }

  onBye(): void {
    this.events.push('bye');
  }

  onEnded(end: LegEnd): void {
    this.events.push(`ended ${end.kind}${end.kind === 'gone' && end.status !== undefined ? ` ${end.status}` : ''}`);
  }

  /** For requests of ours. */
  readonly onResult = (result: RequestResult): void => {
    this.events.push(`result ${written(result)}`);
  };
}

function written(result: InviteFailure): string {
  switch (result.kind) {
    case 'response':
      return String(result.response.status);
    case 'transport':
      return result.reason;
    case 'timeout':
    case 'cancelled':
    case 'no-room':
    case 'too-large':
      return result.kind;
  }
}
