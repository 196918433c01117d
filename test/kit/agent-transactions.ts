/** The transactions of an agent (RFC 3261 §17), apart from the SBC's: repeats on UDP, dials again where a connection was cut. */
import type { Clock, Timer } from '../../sbc-runtime/src/kernel/clock.ts';
import { cseqOf, field, hopByHopText, methodOf, parameter, statusOf } from './agent-text.ts';
import type { Network, Station, Wire } from './network.ts';

const T1 = 500;
const T2 = 4000;
const TRANSACTION_MS = 64 * T1;
/** Longer than the SBC lets anybody ring. */
const PATIENCE_MS = 240_000;
const DIALS_AGAIN_AFTER_MS = 20;

/** A response to a request of ours; status 0: none came. */
export type OnResponse = (status: number, text: string) => void;

interface Client {
  readonly key: string;
  readonly text: string;
  readonly isInvite: boolean;
  readonly onResponse: OnResponse;
  wire: Wire;
  waitMs: number;
  retransmission: Timer | undefined;
  deadline: Timer | undefined;
  state: 'Calling' | 'Proceeding' | 'Over';
  ack: string;
}

export interface Server {
  readonly key: string;
  readonly request: string;
  readonly isInvite: boolean;
  wire: Wire;
  status: number;
  response: string;
  waitMs: number;
  retransmission: Timer | undefined;
  deadline: Timer | undefined;
}

export interface AgentTransactionsDeps {
  readonly clock: Clock;
  readonly network: Pick<Network, 'wireFrom' | 'carryToSbc'>;
  readonly station: Station;
  readonly onRequest: (server: Server) => void;
  readonly onAck: (ack: string) => void;
  /** Our 2xx was never acknowledged. */
  readonly onNoAck: (server: Server) => void;
  /** The SBC did what no SIP element may do. */
  readonly onProblem: (problem: string) => void;
}

const keyOf = (text: string, method: string): string => `${parameter(field(text, 'Via'), 'branch')} ${method}`;

export class AgentTransactions {
  readonly #deps: AgentTransactionsDeps;
  readonly #isReliable: boolean;
  readonly #clients = new Map<string, Client>();
  readonly #servers = new Map<string, Server>();

  constructor(deps: AgentTransactionsDeps) {
    this.#deps = deps;
    this.#isReliable = deps.station.place.protocol !== 'UDP';
    deps.station.onText = (text, wire) => this.#onText(text, wire);
    deps.station.onClosed = () => deps.clock.after(DIALS_AGAIN_AFTER_MS, () => this.#dialAgain());
  }

  get size(): number {
    return this.#clients.size + this.#servers.size;
  }

  /** `isAnew`: on a connection of its own, as Microsoft does within dialogs. */
  request(text: string, isAnew: boolean, onResponse: OnResponse): void {
    const method = methodOf(text);
    const isInvite = method === 'INVITE';
    const client: Client = {
      ...{ key: keyOf(text, method), text, isInvite, onResponse },
      ...{ wire: this.#wire(isAnew), waitMs: T1, retransmission: undefined, state: 'Calling', ack: '' },
      deadline: this.#deps.clock.after(TRANSACTION_MS, () => this.#timedOut(client)),
    };
    this.#clients.set(client.key, client);
    this.#send(client.wire, text);
    if (!this.#isReliable) this.#repeatLater(client);
  }

  /** Outside transactions: the ACK of a 2xx. */
  send(text: string, isAnew: boolean): void {
    this.#send(this.#wire(isAnew), text);
  }

  respond(server: Server, status: number, text: string): void {
    if (server.status >= 200) return;
    server.status = status;
    server.response = text;
    this.#answer(server);
    if (status < 200) return;
    const isAcknowledged = server.isInvite;
    server.deadline = this.#deps.clock.after(TRANSACTION_MS, () => {
      this.#stop(server);
      this.#servers.delete(server.key);
      if (isAcknowledged && status < 300 && server.waitMs > 0) this.#deps.onNoAck(server);
    });
    // RFC 3261 §13.3.1.4: a 2xx whatever the transport, a refusal on UDP alone.
    if (isAcknowledged && (status < 300 || !this.#isReliable)) this.#repeatAnswerLater(server);
  }

  /** Its ACK is here. */
  acknowledged(server: Server): void {
    server.waitMs = 0;
    if (server.retransmission) this.#deps.clock.cancel(server.retransmission);
    server.retransmission = undefined;
  }

  // ---- clients

  #onResponse(text: string): void {
    const { method } = cseqOf(text);
    const client = this.#clients.get(keyOf(text, method));
    const status = statusOf(text);
    // What comes after 64*T1 is a stray; nobody waits for it.
    if (!client) return;
    const isAgain = client.state === 'Over';
    if (status < 200) {
      if (isAgain) return;
      client.state = 'Proceeding';
      if (client.isInvite) this.#waitLonger(client);
      client.onResponse(status, text);
      return;
    }
    if (!isAgain) this.#finished(client);
    if (client.isInvite && status >= 300) {
      if (client.ack === '') client.ack = hopByHopText('ACK', client.text, field(text, 'To'));
      this.#send(this.#open(client.wire), client.ack);
      if (isAgain) return;
    }
    // Each 2xx of an INVITE wants its ACK, also a repeated one.
    if (!isAgain || (client.isInvite && status < 300)) client.onResponse(status, text);
  }

  #waitLonger(client: Client): void {
    this.#stop(client);
    client.deadline = this.#deps.clock.after(PATIENCE_MS, () => this.#timedOut(client));
  }

  #finished(client: Client): void {
    this.#stop(client);
    client.state = 'Over';
    client.deadline = this.#deps.clock.after(TRANSACTION_MS, () => this.#clients.delete(client.key));
  }

  #timedOut(client: Client): void {
    this.#stop(client);
    client.state = 'Over';
    this.#clients.delete(client.key);
    client.onResponse(0, '');
  }

  #repeatLater(client: Client): void {
    client.retransmission = this.#deps.clock.after(client.waitMs, () => {
      this.#send(client.wire, client.text);
      client.waitMs = client.isInvite ? 2 * client.waitMs : Math.min(2 * client.waitMs, T2);
      this.#repeatLater(client);
    });
  }

  /** The connection is gone: what has no answer goes over a new one, and so does what the SBC has not confirmed. */
  #dialAgain(): void {
    for (const client of this.#clients.values()) {
      const isWaiting = client.state === 'Calling' || (client.state === 'Proceeding' && !client.isInvite);
      if (!isWaiting || client.wire.isOpen) continue;
      client.wire = this.#wire(false);
      this.#send(client.wire, client.text);
    }
    for (const server of this.#servers.values())
      if (server.isInvite && server.status >= 300 && server.waitMs > 0 && !server.wire.isOpen) this.#answer(server);
  }

  // ---- servers

  #onText(text: string, wire: Wire): void {
    if (statusOf(text) > 0) {
      this.#onResponse(text);
      return;
    }
    const method = methodOf(text);
    if (method === 'ACK') {
      this.#onAck(text);
      return;
    }
    const key = keyOf(text, method);
    const known = this.#servers.get(key);
    if (known) {
      known.wire = wire;
      if (known.response !== '' && !(known.isInvite && known.status >= 200 && known.status < 300)) this.#answer(known);
      return;
    }
    const server: Server = {
      ...{ key, request: text, isInvite: method === 'INVITE', wire, status: 0, response: '' },
      ...{ waitMs: T1, retransmission: undefined, deadline: undefined },
    };
    this.#servers.set(key, server);
    this.#deps.onRequest(server);
  }

  #onAck(ack: string): void {
    const refused = this.#servers.get(keyOf(ack, 'INVITE'));
    if (refused && refused.status >= 300) this.acknowledged(refused);
    else this.#deps.onAck(ack);
  }

  /** The INVITE that a CANCEL names; undefined where it is not here, or answered. */
  cancelled(cancel: string): Server | undefined {
    const invite = this.#servers.get(keyOf(cancel, 'INVITE'));
    return invite && invite.status < 200 ? invite : undefined;
  }

  #answer(server: Server): void {
    server.wire = this.#open(server.wire);
    this.#send(server.wire, server.response);
  }

  #repeatAnswerLater(server: Server): void {
    server.retransmission = this.#deps.clock.after(server.waitMs, () => {
      this.#answer(server);
      server.waitMs = Math.min(2 * server.waitMs, T2);
      this.#repeatAnswerLater(server);
    });
  }

  #stop(transaction: Client | Server): void {
    const { clock } = this.#deps;
    if (transaction.retransmission) clock.cancel(transaction.retransmission);
    if (transaction.deadline) clock.cancel(transaction.deadline);
    transaction.retransmission = undefined;
    transaction.deadline = undefined;
  }

  #wire(isAnew: boolean): Wire {
    return this.#deps.network.wireFrom(this.#deps.station, isAnew);
  }

  #open(wire: Wire): Wire {
    return wire.isOpen ? wire : this.#wire(false);
  }

  #send(wire: Wire, text: string): void {
    this.#deps.network.carryToSbc(wire, text);
  }
}
