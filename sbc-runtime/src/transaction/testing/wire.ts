/** For tests: a transaction layer on virtual time over a wire that keeps what is sent, and a user that keeps what it hears. */
import assert from 'node:assert/strict';
import { silentLog } from '../../kernel/log.ts';
import type { Log } from '../../kernel/log.ts';
import { noMetrics } from '../../kernel/metrics.ts';
import { VirtualClock } from '../../kernel/virtual-clock.ts';
import type { Hop, TransportProtocol } from '../../sip/hop.ts';
import type { Request, Response } from '../../sip/message.ts';
import { parseDatagram } from '../../sip/parse.ts';
import type { Flow, SendResult, TransportUser, Transports } from '../../transport/transport-user.ts';
import { TransactionLayer } from '../transaction-layer.ts';
import type { TransactionLayerParams } from '../transaction-layer.ts';
import type { ClientTransactionUser, ServerTransaction, TransactionUser } from '../transaction-user.ts';

export interface Sent {
  readonly atMs: number;
  readonly text: string;
  readonly way: 'hop' | 'flow' | 'response';
  /** Of what went to a hop. */
  readonly hop?: Hop;
}

export class Wire implements Transports {
  readonly sent: Sent[] = [];
  readonly #clock: VirtualClock;
  readonly flow: Flow & { isOpen: boolean };
  /** Longer texts do not fit into its datagrams. */
  maxOctets = Infinity;
  /** What becomes of `send`: at once, or when `answer` is called. */
  outcome: 'sent' | 'waits' | { readonly failed: string } = 'sent';
  #waiting: ((result: SendResult) => void) | undefined;
  user: TransportUser | undefined;

  /** Nobody takes a new connection for a response. */
  isClosedToResponses = false;

  constructor(clock: VirtualClock, flow: Flow) {
    this.#clock = clock;
    this.flow = flow;
  }

  deliverTo(user: TransportUser): void {
    this.user = user;
  }

  send(hop: Hop, text: string, done: (result: SendResult) => void): void {
    if (text.length > this.maxOctets) {
      done({ kind: 'failed', reason: 'too large', isTooLarge: true });
      return;
    }
    this.#keep(text, 'hop', hop);
    if (this.outcome === 'waits') this.#waiting = done;
    else
      done(
        this.outcome === 'sent' ? { kind: 'sent', flow: this.flow } : { kind: 'failed', reason: this.outcome.failed },
      );
  }

  sendOn(flow: Flow, text: string): boolean {
    if (text.length > this.maxOctets) return false;
    if (flow.isOpen) this.#keep(text, 'flow');
    return flow.isOpen;
  }

  retire(): void {
    // Nothing stands on this wire.
  }

  respond(flow: Flow, _via: unknown, text: string, failed?: () => void): void {
    this.#keep(text, 'response');
    if (!flow.isOpen && this.isClosedToResponses) failed?.();
  }

  settle(result: SendResult): void {
    this.#waiting?.(result);
    this.#waiting = undefined;
  }

  /** `500 INVITE`, `0 200`: time and start of each message since the last call. */
  take(): string[] {
    return this.sent
      .splice(0)
      .map(({ atMs, text }) => `${atMs} ${text.split(' ')[text.startsWith('SIP/2.0') ? 1 : 0] ?? ''}`);
  }

  /** The last message, parsed. */
  last(): Request | Response {
    const result = parseDatagram(this.sent.at(-1)?.text ?? '');
    assert.ok(result.ok, 'what we send can be parsed');
    return result.message;
  }

  receive(text: string, flow: Flow = this.flow): void {
    const result = parseDatagram(text);
    assert.ok(result.ok, text);
    if (result.message.isRequest) this.user?.onRequest(result.message, flow);
    else this.user?.onResponse(result.message, flow);
  }

  #keep(text: string, way: Sent['way'], hop?: Hop): void {
    this.sent.push({ atMs: this.#clock.nowMs(), text, way, ...(hop === undefined ? {} : { hop }) });
  }
}

/** Keeps every transaction and what else it was told; `onRequest` may be replaced. */
export class RecordingUser implements TransactionUser {
  readonly requests: ServerTransaction[] = [];
  readonly told: string[] = [];
  answer: ((transaction: ServerTransaction) => void) | undefined;
  /** The To tags that it has given; undefined: all of them. */
  tags: readonly string[] | undefined;

  onRequest(transaction: ServerTransaction): void {
    this.requests.push(transaction);
    this.told.push(transaction.request.method);
    this.answer?.(transaction);
  }

  onAck(): void {
    this.told.push('ACK');
  }

  onCancel(invite: ServerTransaction): void {
    this.told.push(`CANCEL of ${invite.request.cseq.number}`);
  }

  knowsDialogOf({ to }: Request): boolean {
    return this.tags?.includes(to.tag ?? '') !== false;
  }

  onStrayResponse(response: Response): void {
    this.told.push(`stray ${response.status}`);
  }

  last(): ServerTransaction {
    const transaction = this.requests.at(-1);
    assert.ok(transaction, 'a request came');
    return transaction;
  }
}

export class RecordingClient implements ClientTransactionUser {
  readonly heard: string[] = [];

  onResponse(response: Response): void {
    this.heard.push(`${response.status}`);
  }

  onFailure(failure: Parameters<ClientTransactionUser['onFailure']>[0]): void {
    this.heard.push(failure.kind === 'transport' ? `transport: ${failure.reason}` : failure.kind);
  }
}

export interface World {
  readonly clock: VirtualClock;
  readonly wire: Wire;
  readonly layer: TransactionLayer;
  readonly user: RecordingUser;
  readonly hop: Hop;
  /** `retransmission INVITE`, `refused stray-response`, `Transaction user failed`. */
  readonly noted: string[];
}

export function world(protocol: TransportProtocol, params: Partial<TransactionLayerParams> = {}): World {
  const clock = new VirtualClock();
  const isReliable = protocol !== 'UDP';
  const source = { protocol, address: '192.0.2.2', port: 5060, listener: 'pbx', trunks: ['pbx'] };
  const wire = new Wire(clock, { ...source, isOpen: true, isReliable });
  const noted: string[] = [];
  const log: Log = { ...silentLog, error: (message) => void noted.push(message) };
  const metrics = {
    ...noMetrics,
    retransmission: (kind: string) => void noted.push(`retransmission ${kind}`),
    refused: (_protocol: string, reason: string) => void noted.push(`refused ${reason}`),
  };
  let tokens = 0;
  const random = { token: () => `token${tokens++}`, below: () => 0 };
  const layer = new TransactionLayer({ transports: wire, clock, random, log, metrics, ...params });
  const user = new RecordingUser();
  layer.deliverTo(user);
  const hop: Hop = { protocol, host: '192.0.2.2', port: 5060, listener: 'pbx', trunk: 'pbx', sentBy: '192.0.2.1:5060' };
  return { clock, wire, layer, user, hop, noted };
}

/** Every timer fires: then nothing of any transaction may be left. */
export function assertNothingIsLeft({ clock, layer }: World): void {
  clock.advance(64 * 500 + 5000);
  assert.deepEqual({ transactions: layer.size, timers: clock.pending }, { transactions: 0, timers: 0 });
}
