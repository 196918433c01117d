/** The transaction room (RFC 3261 §17): finds the transaction that a message belongs to, or makes one. */
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { Hop } from '../sip/hop.ts';
import type { Request, Response } from '../sip/message.ts';
import { responseTo } from '../sip/response-to.ts';
import { serialize } from '../sip/serialize.ts';
import type { Flow, TransportUser, Transports } from '../transport/transport-user.ts';
import type { ClientShell } from './client-transaction.ts';
import { InviteClientShell } from './invite-client-transaction.ts';
import { InviteServerShell } from './invite-server-transaction.ts';
import { MAGIC_COOKIE, cancelledKey, clientKey, mergeKey, serverKey } from './key.ts';
import { NonInviteClientShell } from './non-invite-client-transaction.ts';
import { NonInviteServerShell } from './non-invite-server-transaction.ts';
import { Occupancy } from './occupancy.ts';
import { trunkOf } from './server-transaction.ts';
import type { ServerShell, ServerTransactionParams } from './server-transaction.ts';
import { ShedInvites } from './shed-invites.ts';
import { StatelessServer } from './stateless-server.ts';
import type { CancelParams, TransactionRoom } from './transaction-room.ts';
import { rfc3261Timers } from './transaction-user.ts';
import type {
  ClientTransaction,
  ClientTransactionUser,
  InviteGate,
  RequestTimers,
  TransactionUser,
  Transactions,
} from './transaction-user.ts';

export interface TransactionLayerParams {
  readonly transports: Transports;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** @default rfc3261Timers */
  readonly timers?: RequestTimers;
  /** Live transactions, of both kinds, beyond which requests outside dialogs are answered 503. @default 100000 */
  readonly maxTransactions?: number;
  /** Octets that server transactions keep to repeat their answers, beyond which it is the same. @default 268435456 */
  readonly maxKeptOctets?: number;
  /** @default everybody is let in */
  readonly gate?: InviteGate | undefined;
}

const DEFAULT_MAX_TRANSACTIONS = 100_000;
const DEFAULT_MAX_KEPT_OCTETS = 256 * 1024 * 1024;

type RoomPorts = Pick<TransactionRoom, 'transports' | 'clock' | 'random' | 'log' | 'metrics' | 'timers'>;

/** The outcome of a CANCEL shows at its INVITE. */
const nobody: ClientTransactionUser = { onResponse: () => undefined, onFailure: () => undefined };

export class TransactionLayer implements Transactions, TransportUser {
  readonly #room: TransactionRoom;
  readonly #occupancy: Occupancy;
  readonly #clients = new Map<string, ClientShell>();
  readonly #servers = new Map<string, ServerShell>();
  /** RFC 3261 §8.2.2.2: what would be the same in another copy of a request. */
  readonly #merged = new Set<string>();
  /** RFC 3261 §8.2.7: what is answered without state carries the same To tag each time. */
  readonly #statelessTag: string;
  readonly #gate: InviteGate | undefined;
  readonly #shed: ShedInvites;
  #user: TransactionUser | undefined;

  constructor(params: TransactionLayerParams) {
    const { transports, clock, random, log, metrics } = params;
    this.#occupancy = new Occupancy({
      transactions: params.maxTransactions ?? DEFAULT_MAX_TRANSACTIONS,
      octets: params.maxKeptOctets ?? DEFAULT_MAX_KEPT_OCTETS,
    });
    this.#room = this.#roomOf({ transports, clock, random, log, metrics, timers: params.timers ?? rfc3261Timers });
    this.#statelessTag = random.token();
    this.#gate = params.gate;
    this.#shed = new ShedInvites({ clock, random, toTag: this.#statelessTag });
    transports.deliverTo(this);
  }

  deliverTo(user: TransactionUser): void {
    this.#user = user;
  }

  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** A new limit holds for what comes from now on. */
  limitTo(maxTransactions: number): void {
    this.#occupancy.limitTo(maxTransactions);
  }

  request(request: Request, hop: Hop, user: ClientTransactionUser): ClientTransaction {
    const branch = this.#branch();
    const via = putVia(request, hop, branch);
    const key = clientKey(branch, request.method);
    const params = { request, key, hop, user, via, branch };
    const shell =
      request.method === 'INVITE'
        ? new InviteClientShell(this.#room, params)
        : new NonInviteClientShell(this.#room, params);
    this.#clients.set(key, shell);
    shell.start();
    return shell.transaction(request);
  }

  send(request: Request, hop: Hop, failed?: (reason: string) => void): void {
    putVia(request, hop, this.#branch());
    this.#room.transports.send(hop, serialize(request), (result) => {
      if (result.kind === 'failed') failed?.(result.reason);
    });
  }

  onRequest(request: Request, flow: Flow): void {
    let key = serverKey(request);
    let known = this.#servers.get(key);
    if (known !== undefined && !sharesTrunk(known.flow, flow)) {
      key = keyOfStranger(key, flow);
      known = this.#servers.get(key);
    }
    if (request.method === 'ACK') {
      this.#onAck(request, flow, key, known);
      return;
    }
    if (known !== undefined) {
      known.onRepeated();
      return;
    }
    if (request.method === 'CANCEL') {
      this.#onCancel(request, flow, key);
      return;
    }
    this.#onNew(request, flow, key);
  }

  onResponse(response: Response, flow: Flow): void {
    const { branch } = response.via;
    const shell = branch === undefined ? undefined : this.#clients.get(clientKey(branch, response.cseq.method));
    if (shell !== undefined) {
      shell.onResponse(response, flow);
      return;
    }
    this.#room.metrics.refused(flow.protocol, 'stray-response');
    try {
      this.#user?.onStrayResponse?.(response);
    } catch (error) {
      this.#room.userFailed(error, `stray ${response.status}`);
    }
  }

  #onNew(request: Request, flow: Flow, key: string): void {
    const user = this.#user;
    if (user?.isAnsweredAnew?.(request) === true) {
      this.#answerAnew(user, request, flow);
      return;
    }
    if (user === undefined || this.#isFullFor(request, flow)) {
      this.#refuse(request, flow, key, 'too-many-transactions');
      return;
    }
    if (this.#gate !== undefined && request.method === 'INVITE' && this.#isShed(this.#gate, request, key)) {
      this.#refuse(request, flow, key, 'overload');
      return;
    }
    const merged = mergeKey(request);
    if (merged !== undefined && this.#merged.has(merged)) {
      this.#room.metrics.refused(flow.protocol, 'merged-request');
      this.#answer({ request, flow, key }, this.#refusal(request, 482));
      return;
    }
    this.#offer(this.#place({ request, flow, key, mergeKey: merged }), user);
  }

  #answerAnew(user: TransactionUser, request: Request, flow: Flow): void {
    const once = new StatelessServer(this.#room.transports, { request, flow, toTag: this.#statelessTag });
    try {
      user.onRequest(once);
    } catch (error) {
      this.#room.userFailed(error, request.method);
      this.#room.metrics.refused(flow.protocol, 'internal-error');
      once.respond(responseTo(request, 500));
    }
  }

  /** RFC 3261 §8.2.7: without state. */
  #refuse(request: Request, flow: Flow, key: string, reason: 'overload' | 'too-many-transactions'): void {
    this.#room.metrics.refused(flow.protocol, reason);
    if (request.method === 'INVITE') this.#shed.note(key);
    this.#room.transports.respond(flow, request.via, serialize(this.#shed.refusal(request)));
  }

  /** A call that goes on is never in the way: only what begins one is asked about. */
  #isShed(gate: InviteGate, invite: Request, key: string): boolean {
    if (this.#isInDialog(invite)) return false;
    return this.#shed.has(key) || !gate.admits(invite);
  }

  #onAck(ack: Request, flow: Flow, key: string, known: ServerShell | undefined): void {
    if (known instanceof InviteServerShell) known.onAck(ack, flow);
    else if (ack.to.tag === this.#statelessTag) this.#shed.acknowledged(key);
    else this.#room.tellAck(ack, flow);
  }

  /** RFC 3261 §9.2: the CANCEL is answered at once, whatever becomes of the INVITE. */
  #onCancel(cancel: Request, flow: Flow, key: string): void {
    const inviteKey = cancelledKey(cancel);
    let found = this.#servers.get(inviteKey);
    // A branch is no secret to everyone on the path: only the trunk that called may cancel.
    if (found !== undefined && !sharesTrunk(found.flow, flow))
      found = this.#servers.get(keyOfStranger(inviteKey, flow));
    const invite = found instanceof InviteServerShell ? found : undefined;
    this.#answer(
      { request: cancel, flow, key },
      this.#refusal(cancel, invite === undefined ? 481 : 200, invite?.toTag),
    );
    const offered = invite?.offered;
    if (offered === undefined) return;
    try {
      this.#user?.onCancel(offered, cancel);
    } catch (error) {
      this.#room.userFailed(error, 'CANCEL');
    }
  }

  #offer(shell: ServerShell, user: TransactionUser): void {
    const { offered } = shell;
    if (offered === undefined) return;
    try {
      user.onRequest(offered);
    } catch (error) {
      this.#room.userFailed(error, offered.request.method);
      this.#room.metrics.refused(shell.flow.protocol, 'internal-error');
      if (!shell.isOver) shell.respond(this.#refusal(offered.request, 500, shell.toTag));
    }
    shell.onOffered();
  }

  #isFullFor(request: Request, flow: Flow): boolean {
    const trunk = trunkOf(flow);
    if (!this.#occupancy.isFullFor(trunk, this.size, false)) return false;
    return this.#occupancy.isFullFor(trunk, this.size, true) || !this.#isInDialog(request);
  }

  /** A tag alone proves nothing: with invented ones, a flood would have the room that is kept for calls which go on. */
  #isInDialog(request: Request): boolean {
    return request.to.tag !== undefined && this.#user?.knowsDialogOf?.(request) !== false;
  }

  /** With a transaction that absorbs what follows; without one where the tables are full. */
  #answer(params: ServerTransactionParams, response: Response): void {
    if (!this.#isFullFor(params.request, params.flow)) {
      this.#place(params).respond(response);
      return;
    }
    const { request, flow } = params;
    this.#room.transports.respond(flow, request.via, serialize(response));
  }

  #place(params: ServerTransactionParams): ServerShell {
    const shell =
      params.request.method === 'INVITE'
        ? new InviteServerShell(this.#room, params)
        : new NonInviteServerShell(this.#room, params);
    this.#servers.set(params.key, shell);
    if (params.mergeKey !== undefined) this.#merged.add(params.mergeKey);
    shell.start();
    return shell;
  }

  #refusal(request: Request, status: number, toTag = this.#room.random.token()): Response {
    return responseTo(request, status, { toTag });
  }

  #branch(): string {
    return MAGIC_COOKIE + this.#room.random.token();
  }

  #sendCancel(params: CancelParams): void {
    const { cancel, extras, branch, hop, flow } = params;
    const key = clientKey(branch, 'CANCEL');
    const user = extras.length === 0 ? nobody : { ...nobody, onFailure: this.#bareCancel(params) };
    const shell = new NonInviteClientShell(this.#room, { request: cancel, key, hop, user, flow });
    this.#clients.set(key, shell);
    shell.start();
  }

  /** A phone that goes on ringing is worse than one that is not told why. */
  #bareCancel(params: CancelParams): ClientTransactionUser['onFailure'] {
    return ({ kind }) => {
      if (kind !== 'too-large') return;
      for (const [name] of params.extras) params.cancel.headers.delete(name);
      this.#sendCancel({ ...params, extras: [] });
    };
  }

  #roomOf(ports: RoomPorts): TransactionRoom {
    return {
      ...ports,
      occupancy: this.#occupancy,
      sendCancel: (params) => {
        this.#sendCancel(params);
      },
      forgetClient: (key) => void this.#clients.delete(key),
      forgetServer: (key) => void this.#servers.delete(key),
      forgetMerged: (key) => void this.#merged.delete(key),
      tellAck: (ack, flow) => {
        try {
          this.#user?.onAck(ack, flow);
        } catch (error) {
          this.#room.userFailed(error, 'ACK');
        }
      },
      userFailed: (error, about) => {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
        ports.log.error('Transaction user failed', { about, error: detail });
      },
    };
  }
}

/** A request of ours has one Via; one from an earlier try is replaced. */
function putVia(request: Request, hop: Hop, branch: string): string {
  // RFC 3581 §3: only a datagram's source says where its answer must go.
  const via = `SIP/2.0/${hop.protocol} ${hop.sentBy};branch=${branch}${hop.protocol === 'UDP' ? ';rport' : ''}`;
  if (request.headers.has('Via')) request.headers.delete('Via');
  request.headers.prepend('Via', via);
  return via;
}

/**
 * RFC 3261 §17.2.3 knows no trunks: who uses the branch and the sent-by of another trunk's request would have its own
 * taken for a copy of that one, and its ACK for the other's.
 */
function keyOfStranger(key: string, flow: Flow): string {
  return `${key} ${trunkOf(flow)}`;
}

function sharesTrunk(one: Flow, other: Flow): boolean {
  const speaks = (trunk: string): boolean =>
    other.trunks.includes(trunk) || other.formerTrunks?.includes(trunk) === true;
  return one.trunks.some(speaks) || one.formerTrunks?.some(speaks) === true;
}
