/** A transfer by REFER as Microsoft does it: what it asked for, what the SBC told by NOTIFY, and the INVITE that came back. */
import type { Message } from 'sip';
import { referHeaders, type ReferParts } from './messages.ts';
import type { Refusal } from './refusals.ts';
import { refusals } from './refusals.ts';
import { rawValue } from './wire.ts';

export interface TransferOptions extends ReferParts {
  /** The data centre that the REFER comes from. Default: the call's own. */
  readonly from?: string;
  /** Teams hangs up the old call so long after the 202, as blind transfers do. Default: after the last NOTIFY. */
  readonly byeAfterMs?: number;
}

/** The call that came back. */
export interface TransferredCall {
  readonly callId: string;
  readonly invite: Message;
}

const MAX_REPORTS = 50;

export class Transfer {
  readonly headers: { readonly 'refer-to': string; readonly 'referred-by': string };
  /** The final status of the REFER itself: 202 where the SBC takes it. */
  readonly accepted: Promise<number>;
  /** The INVITE that came back, byte for byte as asked. */
  readonly invited: Promise<TransferredCall>;
  /** The final status that NOTIFY told. */
  readonly reported: Promise<number>;
  /** First lines of all NOTIFY bodies: `SIP/2.0 100 Trying`. */
  readonly reports: string[] = [];
  /** What was wrong in them. */
  readonly faults: string[] = [];
  readonly #accepted = Promise.withResolvers<number>();
  readonly #invited = Promise.withResolvers<TransferredCall>();
  readonly #reported = Promise.withResolvers<number>();

  constructor(parts: ReferParts) {
    this.headers = referHeaders(parts);
    this.accepted = this.#accepted.promise;
    this.invited = this.#invited.promise;
    this.reported = this.#reported.promise;
  }

  get isReported(): boolean {
    return this.reports.some((report) => statusOf(report) >= 200);
  }

  onAccepted(status: number): void {
    this.#accepted.resolve(status);
  }

  onInvite(call: TransferredCall): void {
    this.#invited.resolve(call);
  }

  onNotify(notify: Message, text: string): void {
    const [report = ''] = (notify.content ?? '').split('\r\n');
    this.faults.push(...notifyFaults(text, report, this.reports.at(-1)));
    if (this.reports.length < MAX_REPORTS) this.reports.push(report);
    const status = statusOf(report);
    if (status >= 200) this.#reported.resolve(status);
  }

  /** `Mine`: this transfer's INVITE. `Changed`: nearly. `Other`: not of this transfer. */
  compare(invite: Message, text: string): 'Mine' | 'Changed' | 'Other' {
    const target = this.headers['refer-to'].slice(1, -1);
    const isTarget = invite.uri === target;
    const isBy = rawValue(text, 'referred-by') === this.headers['referred-by'];
    if (isTarget && isBy) return 'Mine';
    const id = /x-ti=[^;>]+/.exec(this.headers['referred-by'])?.[0] ?? '';
    const isNear = isTarget || (rawValue(text, 'referred-by') ?? '').toLowerCase().includes(id);
    return isNear ? 'Changed' : 'Other';
  }
}

/** 0 where it is no status line. */
const statusOf = (report: string): number => Number(/^SIP\/2\.0 ([1-6]\d\d) /.exec(report)?.[1] ?? 0);

/** What is wrong with a NOTIFY, given the report of the one before (RFC 3515 §2.4.5). */
export function notifyFaults(text: string, report: string, before: string | undefined): string[] {
  const event = rawValue(text, 'event') ?? '';
  const state = rawValue(text, 'subscription-state') ?? '';
  const isFinal = statusOf(report) >= 200;
  const found: (string | false)[] = [
    !/^refer(;|$)/.test(event) && `Event is ${event || 'missing'}`,
    !/^(active|pending|terminated)(;|$)/.test(state) && `Subscription-State is ${state || 'missing'}`,
    isFinal && !state.startsWith('terminated') && 'Subscription-State of the last NOTIFY is not terminated',
    !/^message\/sipfrag(;|$)/i.test(rawValue(text, 'content-type') ?? '') && 'Content-Type is not message/sipfrag',
    statusOf(report) === 0 && `the body is no status line: ${report.slice(0, 60)}`,
    before !== undefined && statusOf(before) >= 200 && 'a NOTIFY after the last one',
    before !== undefined && statusOf(report) < statusOf(before) && `${report} after ${before}`,
  ];
  return found.filter((each) => each !== false);
}

/** The transfer whose INVITE this is; a refusal where it should be one and is not, byte for byte. */
export function transferOf(
  invite: Message,
  text: string,
  transfers: Iterable<Transfer>,
): { readonly transfer?: Transfer; readonly refusal?: Refusal } {
  let isChanged = false;
  for (const transfer of transfers) {
    const verdict = transfer.compare(invite, text);
    if (verdict === 'Mine') return { transfer };
    isChanged ||= verdict === 'Changed';
  }
  return isChanged ? { refusal: refusals.changedTransfer() } : {};
}
