/** Sending: from a hop to an address, over a connection that stands or a new one; the next address where one fails (RFC 3263 §4.3). */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Heard, Hop } from '../sip/hop.ts';
import type { Admission } from './admission.ts';
import type { ConnectionFacts, Speakers } from './connection-facts.ts';
import { dialKey } from './connection-table.ts';
import type { HandshakeEnd } from './handshake-end.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { TransportLimits } from './limits.ts';
import { allowedAmong, isNamedByPeer } from './named-host.ts';
import { OnceAMinute } from './once-a-minute.ts';
import type { Address, Resolver } from './resolver.ts';
import { StreamConnection } from './stream-connection.ts';
import type { ConnectionServices } from './stream-connection.ts';
import { dialTcp } from './tcp.ts';
import type { DialAttempt, Dialled } from './tcp.ts';
import { dialTls, peerChain } from './tls.ts';
import type { TlsIdentity, TlsProvider } from './tls-material.ts';
import type { SendResult } from './transport-user.ts';
import { MAX_DATAGRAM_OCTETS, TOO_LARGE, UdpFlow } from './udp.ts';
import type { UdpSocket } from './udp.ts';
import { DEFAULT_PORT } from './via-stamp.ts';

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
  /** Of every TLS dial for requests. @default nobody asks */
  readonly onHandshake?: ((hop: Hop, end: HandshakeEnd) => void) | undefined;
}

/** One message on its way through the addresses of its hop. */
interface Job {
  readonly hop: Hop;
  readonly text: string;
  readonly done: (result: SendResult) => void;
  readonly candidates: readonly Address[];
  readonly isResponse: boolean;
  next: number;
}

interface Dial {
  readonly key: string;
  readonly hop: Hop;
  readonly address: Address;
  /** Begun by a response; a request that joins it changes nothing. */
  readonly isForResponse: boolean;
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
  readonly #strayTargets: OnceAMinute;

  constructor(dependencies: OutgoingDependencies) {
    this.#dependencies = dependencies;
    this.#strayTargets = new OnceAMinute(dependencies.clock);
  }

  send(hop: Hop, text: string, done: (result: SendResult) => void): void {
    const { resolver } = this.#dependencies;
    const known = hop.at === undefined ? resolver.known(hop) : [hop.at];
    if (known !== undefined) this.#sendTo(known, hop, text, done);
    else resolver.resolve(hop, (addresses) => this.#sendTo(addresses, hop, text, done));
  }

  /** A response whose connection is gone; `hop` says for whom and as whom. */
  respondTo(address: Address, hop: Hop, text: string, done: (result: SendResult) => void): void {
    this.#tryNext({ hop, text, done, candidates: [address], isResponse: true, next: 0 }, '');
  }

  /** Ends every dial on its way; nothing is dialled any more. */
  close(): void {
    this.#isClosed = true;
    for (const dial of this.#dials.values()) dial.attempt?.fail('shutting down');
  }

  #sendTo(addresses: readonly Address[], hop: Hop, text: string, done: (result: SendResult) => void): void {
    const allowed = allowedAmong(addresses, hop, this.#dependencies.admission);
    const job = { hop, text, done, isResponse: false, next: 0 };
    if (allowed.length > 0) this.#tryNext({ ...job, candidates: this.#inOrder(hop, allowed) }, '');
    else if (hop.heardFrom !== undefined && isNamedByPeer(hop)) this.#sendBack(job, hop.heardFrom);
    else done({ kind: 'failed', reason: `${hop.host}: the name does not resolve` });
  }

  /** Interop: a PBX behind NAT names a host that only its own network knows. A hostile one names somebody else's. */
  #sendBack(unaddressed: Omit<Job, 'candidates'>, { address, port }: Heard): void {
    const { table, log } = this.#dependencies;
    const { protocol, trunk, host, port: named = DEFAULT_PORT[protocol] } = unaddressed.hop;
    if (this.#strayTargets.isDue(`${trunk} ${address}`))
      log.warn('A dialog leads out of its trunk: it is answered where it came from', { trunk, host, address, port });
    // The port that a stream came from is no port to dial.
    const job = { ...unaddressed, candidates: [{ address, port: protocol === 'UDP' ? port : named }] };
    const standing = table.toPeer(protocol, address, port, [trunk]);
    if (standing === undefined) this.#tryNext(job, '');
    else this.#sendOver(standing, job);
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
    if (job.text.length > MAX_DATAGRAM_OCTETS) {
      tooLarge(job);
      return;
    }
    const flow = new UdpFlow(socket, address, port, [job.hop.trunk]);
    const isOpen = socket.send(flow, port, job.text, (problem) => {
      if (problem === undefined) job.done({ kind: 'sent', flow });
      else if (problem === TOO_LARGE) tooLarge(job);
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
    const dial = this.#dials.get(key) ?? this.#dial(key, job, address);
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
  #dial(key: string, { hop, isResponse }: Job, address: Address): Dial | string {
    const { table, tls, clock, limits, bindAddress } = this.#dependencies;
    const identity = hop.protocol === 'TLS' ? tls.clientIdentity(hop.trunk) : undefined;
    if (hop.protocol === 'TLS' && identity === undefined)
      return `the trunk ${hop.trunk} has no certificate to dial with`;
    const place = isResponse ? table.takeResponsePlace(hop.trunk, address.address) : table.takeDialPlace(hop.trunk);
    if (place !== 'ok') return place;
    const dial: Dial = { key, hop, address, isForResponse: isResponse, waiting: [], attempt: undefined };
    this.#dials.set(key, dial);
    const target = { ...address, localAddress: bindAddress };
    dial.attempt =
      identity === undefined
        ? dialTcp(target, clock, limits, (dialled) =>
            dialled.ok ? this.#connectedTcp(dial, dialled.socket) : this.#failed(dial, dialled.reason),
          )
        : dialTls({ ...target, host: hop.host, identity }, clock, limits, (dialled) =>
            dialled.ok ? this.#connectedTls(dial, dialled.socket, identity) : this.#notSecured(dial, dialled),
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
      this.#tell(dial, { kind: 'failed', reason: verdict });
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
      this.#leavePlace(dial);
      table.remove(connection, dial.key);
    });
    for (const job of dial.waiting.splice(0)) this.#sendOver(connection, job);
    if (facts.protocol === 'TLS')
      connection.whenSettled((lost) =>
        this.#tell(dial, lost === undefined ? { kind: 'established' } : { kind: 'failed', reason: lost }),
      );
    // The certificate was replaced while the handshake was on its way.
    const { ownFingerprint } = facts;
    if (ownFingerprint !== undefined && ownFingerprint !== tls.clientIdentity(dial.hop.trunk)?.fingerprint256)
      connection.retire();
  }

  #notSecured(dial: Dial, { reason, isConnected }: Extract<Dialled<TLSSocket>, { ok: false }>): void {
    this.#tell(dial, isConnected ? { kind: 'failed', reason } : { kind: 'not-tried' });
    this.#failed(dial, reason);
  }

  #tell({ hop, isForResponse }: Dial, end: HandshakeEnd): void {
    if (!isForResponse) this.#dependencies.onHandshake?.(hop, end);
  }

  #failed(dial: Dial, reason: string): void {
    const { hop, address } = dial;
    this.#leavePlace(dial);
    this.#dials.delete(dial.key);
    // The peer of a lost response may name any port: each is logged elsewhere, and none is worth remembering.
    if (!dial.isForResponse) this.#noteUnreachable(hop, address, reason);
    for (const job of dial.waiting.splice(0)) this.#tryNext(job, reason);
  }

  #leavePlace({ isForResponse, hop, address }: Dial): void {
    const { table } = this.#dependencies;
    if (isForResponse) table.leaveResponsePlace(hop.trunk, address.address);
    else table.leaveDialPlace(hop.trunk);
  }

  #noteUnreachable(hop: Hop, { address, port }: Address, reason: string): void {
    // One line while an address is being avoided, however many calls try it.
    if (!this.#isAvoided(hop, { address, port })) {
      const { trunk, protocol, host } = hop;
      this.#dependencies.log.warn('Could not connect', { trunk, protocol, host, address, port, reason });
    }
    this.#avoid(hop, { address, port });
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

/** No other address of the hop would take it either. */
function tooLarge({ hop, done }: Job): void {
  done({ kind: 'failed', reason: `${hop.host}: ${TOO_LARGE}`, isTooLarge: true });
}

const avoidKey = (hop: Hop, { address, port }: Address) => `${hop.protocol} ${address} ${port}`;

const factsOf = ({ hop, address, isForResponse }: Dial) => ({
  direction: 'dialled' as const,
  listener: hop.listener,
  dialledFor: { trunk: hop.trunk, host: hop.host },
  isForResponse,
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
