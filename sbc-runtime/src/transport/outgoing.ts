/** Sending: from a hop to an address, over a connection that stands or a new one; the next address where one fails (RFC 3263 §4.3). */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Hop } from '../sip/hop.ts';
import type { Admission } from './admission.ts';
import { dialKey } from './connection-table.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { TransportLimits } from './limits.ts';
import type { Address, Resolver } from './resolver.ts';
import { StreamConnection } from './stream-connection.ts';
import type { ConnectionFacts, ConnectionServices, Speakers } from './stream-connection.ts';
import { dialTcp } from './tcp.ts';
import type { DialAttempt } from './tcp.ts';
import { dialTls, peerChain } from './tls.ts';
import type { TlsIdentity, TlsProvider } from './tls-material.ts';
import type { SendResult } from './transport-user.ts';
import { UdpFlow } from './udp.ts';
import type { UdpSocket } from './udp.ts';

export interface OutgoingDependencies {
  readonly bindAddress: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits: TransportLimits;
  readonly resolver: Resolver;
  readonly admission: Admission;
  readonly tls: TlsProvider;
  readonly table: ConnectionTable;
  readonly services: ConnectionServices;
  udpSocket(listener: string): UdpSocket | undefined;
}

/** One message on its way through the addresses of its hop. */
interface Job {
  readonly hop: Hop;
  readonly text: string;
  readonly done: (result: SendResult) => void;
  readonly candidates: readonly Address[];
  next: number;
}

interface Dial {
  readonly key: string;
  readonly hop: Hop;
  readonly address: Address;
  readonly waiting: Job[];
  attempt: DialAttempt<Socket> | DialAttempt<TLSSocket> | undefined;
}

/** Addresses that are remembered as failing; the oldest is forgotten first. */
const MAX_AVOIDED = 1024;
const LOST = 'the peer ended the new connection, perhaps for our certificate';

export class Outgoing {
  readonly #dependencies: OutgoingDependencies;
  readonly #dials = new Map<string, Dial>();
  #isClosed = false;
  readonly #avoidedUntilMs = new Map<string, number>();

  constructor(dependencies: OutgoingDependencies) {
    this.#dependencies = dependencies;
  }

  send(hop: Hop, text: string, done: (result: SendResult) => void): void {
    const { resolver } = this.#dependencies;
    const known = hop.at === undefined ? resolver.known(hop) : [hop.at];
    if (known !== undefined) this.sendTo(known, hop, text, done);
    else resolver.resolve(hop, (addresses) => this.sendTo(addresses, hop, text, done));
  }

  /** To addresses that are known already; `hop` says for whom and as whom. */
  sendTo(addresses: readonly Address[], hop: Hop, text: string, done: (result: SendResult) => void): void {
    if (addresses.length === 0) done({ kind: 'failed', reason: `${hop.host}: the name does not resolve` });
    else this.#tryNext({ hop, text, done, candidates: this.#inOrder(hop, addresses), next: 0 }, '');
  }

  /** Ends every dial on its way; nothing is dialled any more. */
  close(): void {
    this.#isClosed = true;
    for (const dial of this.#dials.values()) dial.attempt?.fail('shutting down');
  }

  #tryNext(job: Job, lastReason: string): void {
    const address = job.candidates[job.next];
    job.next += 1;
    if (this.#isClosed) job.done({ kind: 'failed', reason: `${job.hop.host}: shutting down` });
    else if (address === undefined) job.done({ kind: 'failed', reason: `${job.hop.host}: ${lastReason}` });
    else if (address.port < 1 || address.port > 65535) this.#tryNext(job, `port ${address.port} cannot be dialled`);
    else if (job.hop.protocol === 'UDP') this.#sendDatagram(job, address);
    else this.#sendOverStream(job, address);
  }

  #sendDatagram(job: Job, { address, port }: Address): void {
    const socket = this.#dependencies.udpSocket(job.hop.listener);
    if (socket === undefined) {
      this.#tryNext(job, `the listener ${job.hop.listener} has no UDP socket`);
      return;
    }
    const flow = new UdpFlow(socket, address, port, [job.hop.trunk]);
    const isOpen = socket.send(flow, port, job.text, (problem) => {
      if (problem === undefined) job.done({ kind: 'sent', flow });
      else this.#tryNext(job, problem);
    });
    if (!isOpen) this.#tryNext(job, 'the socket is closed');
  }

  #sendOverStream(job: Job, address: Address): void {
    const { protocol, trunk, listener, host } = job.hop;
    const key = dialKey({ protocol, address: address.address, port: address.port, trunk, listener, host });
    const connection = this.#dependencies.table.dialled(key);
    if (connection !== undefined) {
      this.#sendOver(connection, job);
      return;
    }
    const dial = this.#dials.get(key) ?? this.#dial(key, job.hop, address);
    if (typeof dial === 'string') this.#tryNext(job, dial);
    else if (dial.waiting.length >= this.#dependencies.limits.maxWaitingPerDial)
      this.#tryNext(job, 'too many messages wait for the connection');
    else dial.waiting.push(job);
  }

  #sendOver(connection: StreamConnection, job: Job): void {
    if (!connection.write(job.text)) this.#tryNext(job, 'the peer does not read');
    else if (connection.isSettled) job.done({ kind: 'sent', flow: connection });
    else {
      connection.whenSettled((lost) => {
        if (lost === undefined) job.done({ kind: 'sent', flow: connection });
        else {
          this.#avoid(job.hop, connection);
          this.#tryNext(job, `${LOST}: ${lost}`);
        }
      });
    }
  }

  /** The dial on its way; or why there is none. */
  #dial(key: string, hop: Hop, address: Address): Dial | string {
    const { table, tls, clock, limits, bindAddress } = this.#dependencies;
    const identity = hop.protocol === 'TLS' ? tls.clientIdentity(hop.trunk) : undefined;
    if (hop.protocol === 'TLS' && identity === undefined)
      return `the trunk ${hop.trunk} has no certificate to dial with`;
    if (!table.takeDialPlace()) return 'too many connections';
    const dial: Dial = { key, hop, address, waiting: [], attempt: undefined };
    this.#dials.set(key, dial);
    const target = { ...address, localAddress: bindAddress };
    dial.attempt =
      identity === undefined
        ? dialTcp(target, clock, limits, (dialled) =>
            dialled.ok ? this.#connectedTcp(dial, dialled.socket) : this.#failed(dial, dialled.reason),
          )
        : dialTls({ ...target, host: hop.host, identity }, clock, limits, (dialled) =>
            dialled.ok ? this.#connectedTls(dial, dialled.socket, identity) : this.#failed(dial, dialled.reason),
          );
    return dial;
  }

  #connectedTcp(dial: Dial, socket: Socket): void {
    const { hop, address } = dial;
    const { admission } = this.#dependencies;
    const mayCall = admission.trunksAt(hop.listener, address.address).includes(hop.trunk);
    const mayGoOn = admission.formerTrunksAt(hop.listener, address.address).includes(hop.trunk);
    this.#established(dial, socket, {
      ...factsOf(dial),
      ...speakersOf(hop.trunk, { mayCall, mayGoOn }),
      protocol: 'TCP',
      chain: [],
      ownFingerprint: undefined,
      isSettled: true,
    });
  }

  #connectedTls(dial: Dial, socket: TLSSocket, identity: TlsIdentity): void {
    const { admission, clock, metrics } = this.#dependencies;
    const { hop, address } = dial;
    const chain = peerChain(socket);
    const peer = { trunk: hop.trunk, host: hop.host, listener: hop.listener, address: address.address, chain };
    const judged = admission.judgeDialled(peer, clock.wallMs());
    const { verdict } = judged;
    if (verdict !== 'ok') {
      metrics.certificateRefused(verdict);
      socket.on('error', () => undefined);
      socket.destroy();
      this.#failed(dial, `certificate refused: ${verdict}`);
      return;
    }
    this.#established(dial, socket, {
      ...factsOf(dial),
      ...speakersOf(hop.trunk, judged),
      protocol: 'TLS',
      chain,
      ownFingerprint: identity.fingerprint256,
      // In TLS 1.2 the server has judged our certificate before the handshake ends; in TLS 1.3 its alert comes later.
      isSettled: socket.getProtocol() !== 'TLSv1.3',
    });
  }

  #established(dial: Dial, socket: Socket, facts: ConnectionFacts): void {
    const { table, services, tls } = this.#dependencies;
    this.#dials.delete(dial.key);
    this.#avoidedUntilMs.delete(avoidKey(dial.hop, dial.address));
    const connection = new StreamConnection(socket, facts, services);
    table.add(connection, dial.key);
    socket.once('close', () => {
      table.leaveDialPlace();
      table.remove(connection, dial.key);
    });
    for (const job of dial.waiting.splice(0)) this.#sendOver(connection, job);
    // The certificate was replaced while the handshake was on its way.
    const { ownFingerprint } = facts;
    if (ownFingerprint !== undefined && ownFingerprint !== tls.clientIdentity(dial.hop.trunk)?.fingerprint256)
      connection.retire();
  }

  #failed(dial: Dial, reason: string): void {
    const { table, log } = this.#dependencies;
    const { hop, address } = dial;
    table.leaveDialPlace();
    this.#dials.delete(dial.key);
    // One line while an address is being avoided, however many calls try it.
    if (!this.#isAvoided(hop, address)) {
      const { trunk, protocol, host } = hop;
      log.warn('Could not connect', { trunk, protocol, host, address: address.address, port: address.port, reason });
    }
    this.#avoid(hop, address);
    for (const job of dial.waiting.splice(0)) this.#tryNext(job, reason);
  }

  /** Addresses that failed lately come last: a dead first address must not cost every call its connect timeout. */
  #inOrder(hop: Hop, addresses: readonly Address[]): readonly Address[] {
    if (addresses.length === 1 || this.#avoidedUntilMs.size === 0) return addresses;
    const avoided = addresses.filter((address) => this.#isAvoided(hop, address));
    return avoided.length === 0
      ? addresses
      : [...addresses.filter((address) => !avoided.includes(address)), ...avoided];
  }

  #isAvoided(hop: Hop, address: Address): boolean {
    const untilMs = this.#avoidedUntilMs.get(avoidKey(hop, address));
    return untilMs !== undefined && untilMs > this.#dependencies.clock.nowMs();
  }

  #avoid(hop: Hop, address: Address): void {
    const { clock, limits } = this.#dependencies;
    const key = avoidKey(hop, address);
    this.#avoidedUntilMs.delete(key);
    this.#avoidedUntilMs.set(key, clock.nowMs() + limits.avoidAddressMs);
    if (this.#avoidedUntilMs.size <= MAX_AVOIDED) return;
    const oldest = this.#avoidedUntilMs.keys().next();
    if (oldest.done !== true) this.#avoidedUntilMs.delete(oldest.value);
  }
}

const avoidKey = (hop: Hop, { address, port }: Address) => `${hop.protocol} ${address} ${port}`;

const factsOf = ({ hop, address }: Dial) => ({
  direction: 'dialled' as const,
  listener: hop.listener,
  dialledFor: { trunk: hop.trunk, host: hop.host },
  address: address.address,
  port: address.port,
});

/** For whom the peer of a connection that we dialled for a trunk may speak. */
export function speakersOf(
  trunk: string,
  { mayCall, mayGoOn }: { readonly mayCall: boolean; readonly mayGoOn: boolean },
): Speakers {
  return {
    trunks: mayCall || !mayGoOn ? [trunk] : [],
    formerTrunks: mayGoOn ? [trunk] : [],
    acceptsRequests: mayCall || mayGoOn,
  };
}
