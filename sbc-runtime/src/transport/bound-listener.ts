/** One listener of the routing state, bound: UDP, TCP, or TCP with TLS on top. */
import type { X509Certificate } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../kernel/clock.ts';
import { SbcError } from '../kernel/error.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { TransportProtocol } from '../sip/hop.ts';
import type { Admission } from './admission.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { TransportLimits } from './limits.ts';
import type { Refusals } from './refusals.ts';
import { StreamConnection } from './stream-connection.ts';
import type { ConnectionServices } from './stream-connection.ts';
import { Acceptor } from './tcp.ts';
import { TlsUpgrader, peerChain } from './tls.ts';
import type { TlsProvider } from './tls-material.ts';
import type { Tracer } from './tracer.ts';
import { UdpSocket } from './udp.ts';

/** `ListenerState` of the routing state fits. */
export interface ListenerConfig {
  readonly name: string;
  readonly protocol: TransportProtocol;
  /** 0 binds a free one. */
  readonly port: number;
}

export interface ListenerDependencies {
  readonly bindAddress: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly tracer: Tracer | undefined;
  readonly limits: TransportLimits;
  readonly admission: Admission;
  readonly tls: TlsProvider;
  readonly table: ConnectionTable;
  readonly refusals: Refusals;
  readonly services: ConnectionServices;
  onDatagram(socket: UdpSocket, datagram: Buffer, from: RemoteInfo): void;
}

export class BoundListener {
  readonly config: ListenerConfig;
  readonly udp: UdpSocket | undefined;
  readonly #dependencies: ListenerDependencies;
  readonly #acceptor: Acceptor | undefined;
  readonly #upgrader: TlsUpgrader | undefined;

  /** Binds nothing yet: `open` does. */
  constructor(config: ListenerConfig, dependencies: ListenerDependencies) {
    this.config = config;
    this.#dependencies = dependencies;
    if (config.protocol === 'UDP') this.udp = this.#udpSocket();
    else this.#acceptor = this.#newAcceptor(config.protocol);
    if (config.protocol === 'TLS') this.#upgrader = this.#newUpgrader();
  }

  get port(): number {
    return this.udp?.port ?? this.#acceptor?.port ?? 0;
  }

  /** Throws SBC_LISTEN. */
  async open(): Promise<void> {
    try {
      await this.udp?.open();
      await this.#acceptor?.open();
    } catch (error) {
      const { name, protocol, port } = this.config;
      const { bindAddress } = this.#dependencies;
      throw new SbcError(
        'SBC_LISTEN',
        `Cannot listen on ${bindAddress}:${port} (${protocol}, listener ${name}): ${remedy(error)}`,
        { cause: error },
      );
    }
  }

  /** Takes no more datagrams and connections and ends handshakes; connections that stand stay. */
  async close(): Promise<void> {
    this.#acceptor?.close();
    this.#upgrader?.close();
    await this.udp?.close();
  }

  #udpSocket(): UdpSocket {
    const { bindAddress, limits, log, metrics, tracer, onDatagram } = this.#dependencies;
    const { name, port } = this.config;
    return new UdpSocket({
      listener: name,
      bindAddress,
      port,
      receiveBufferBytes: limits.udpReceiveBufferBytes,
      log,
      metrics,
      tracer,
      onDatagram,
    });
  }

  #newAcceptor(protocol: 'TCP' | 'TLS'): Acceptor {
    const { bindAddress, table, refusals, admission, log } = this.#dependencies;
    const { name, port } = this.config;
    return new Acceptor({
      listener: name,
      protocol,
      bindAddress,
      port,
      table,
      refusals,
      isAllowed: (listener, address) =>
        admission.trunksAt(listener, address).length > 0 || admission.formerTrunksAt(listener, address).length > 0,
      onSocket: (socket, from, fromPort) => {
        if (this.#upgrader !== undefined) this.#upgrader.upgrade(socket, from, fromPort);
        else
          this.#accepted(socket, {
            address: from,
            port: fromPort,
            chain: [],
            ownFingerprint: undefined,
            trunks: admission.trunksAt(name, from),
            formerTrunks: admission.formerTrunksAt(name, from),
          });
      },
      onError: (error) => log.error('A listener reported an error', { listener: name, error: error.message }),
    });
  }

  #newUpgrader(): TlsUpgrader {
    const { tls, clock, limits, refusals, services } = this.#dependencies;
    const { name } = this.config;
    return new TlsUpgrader({
      listener: name,
      tls,
      clock,
      limits,
      budget: services.budget,
      onSecure: (socket, address, port) => this.#secured(socket, address, port),
      onFailed: (reason, address, detail) =>
        refusals.count({ protocol: 'TLS', reason, listener: name, address, detail }),
    });
  }

  #secured(socket: TLSSocket, address: string, port: number): void {
    const { admission, clock, metrics, refusals } = this.#dependencies;
    const { name } = this.config;
    const chain = peerChain(socket);
    const verdict = admission.judgePeer(name, address, chain, clock.wallMs());
    if (verdict.ok) {
      this.#accepted(socket, {
        address,
        port,
        chain,
        ownFingerprint: socket.getX509Certificate()?.fingerprint256,
        trunks: verdict.trunks,
        formerTrunks: verdict.formerTrunks,
      });
      return;
    }
    metrics.certificateRefused(verdict.reason);
    refusals.count({ protocol: 'TLS', reason: 'certificate-refused', listener: name, address, detail: verdict.reason });
    socket.on('error', () => undefined);
    socket.destroy();
  }

  #accepted(socket: Socket, peer: AcceptedPeer): void {
    const { table, services, tls } = this.#dependencies;
    const connection = new StreamConnection(
      socket,
      {
        ...peer,
        protocol: this.#upgrader === undefined ? 'TCP' : 'TLS',
        direction: 'accepted',
        listener: this.config.name,
        dialledFor: undefined,
        acceptsRequests: true,
        isSettled: true,
      },
      services,
    );
    table.add(connection);
    // The certificate was replaced while the handshake was on its way.
    if (peer.ownFingerprint !== undefined && !tls.isCurrent(peer.ownFingerprint)) connection.retire();
    socket.once('close', () => table.remove(connection));
  }
}

interface AcceptedPeer {
  readonly address: string;
  readonly port: number;
  readonly trunks: readonly string[];
  readonly formerTrunks: readonly string[];
  readonly chain: readonly X509Certificate[];
  readonly ownFingerprint: string | undefined;
}

function remedy(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return 'the port is in use; stop the process that has it or give the listener another port';
  if (code === 'EADDRNOTAVAIL') return 'the address is not one of this machine; bind to the address of the pod';
  if (code === 'EACCES') return 'the port needs a privilege; give the listener a port of 1024 or more';
  return error instanceof Error ? error.message : 'unknown';
}
