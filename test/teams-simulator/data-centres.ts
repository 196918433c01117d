/** The simulator's sockets: a TLS server at each data centre, and connections that are dialled from its address. */
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP, type TcpSocketConnectOpts } from 'node:net';
import {
  connect,
  createServer,
  type ConnectionOptions,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import { Connection, type Arrival, type DataCentre } from './connection.ts';
import { verifyPeer } from './identity.ts';
import type { SimulatorLog } from './log.ts';
import { portOf } from './messages.ts';

export interface KeyPair {
  /** PEM, the whole chain. */
  readonly certificate: string;
  readonly key: string;
}

export interface Credentials {
  readonly identity: KeyPair;
  /** What it presents when it dials. */
  readonly clientIdentity: KeyPair;
  /** PEM of the roots that the SBC's certificate must chain to. */
  readonly trust: string;
}

export interface DataCentresUse extends Credentials {
  /** What it dialled is closed after that long without traffic. */
  readonly idleMs?: number | undefined;
  /** Looked up before DNS: name to address. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly log: SimulatorLog;
  readonly onMessage: (arrival: Arrival) => void;
  readonly onClose: (connection: Connection) => void;
}

const DIAL_TIMEOUT_MS = 5000;
/** More than an SBC opens; a new one beyond is closed at once. */
const MAX_CONNECTIONS = 2000;

export class DataCentres {
  readonly connections = new Set<Connection>();
  #use: DataCentresUse;
  #roots: readonly X509Certificate[];
  readonly #servers: Server[] = [];
  #opened = 0;

  constructor(use: DataCentresUse) {
    this.#use = use;
    this.#roots = rootsOf(use.trust);
  }

  /** For connections from now on; those that are open stay. */
  renew(credentials: Partial<Credentials>): void {
    this.#use = { ...this.#use, ...credentials };
    this.#roots = rootsOf(this.#use.trust);
    for (const server of this.#servers) server.setSecureContext(this.#shown());
  }

  listen(dataCentre: DataCentre): Promise<void> {
    // The chain is judged by verifyPeer: Node's own check would demand clientAuth, which Microsoft does not.
    const server = createServer({ ...this.#shown(), requestCert: true, rejectUnauthorized: false });
    server.on('secureConnection', (socket) => this.#onAccepted(socket, dataCentre));
    server.on('tlsClientError', (error, socket) => {
      this.#refuse(dataCentre, error.message);
      socket.destroy();
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(portOf(dataCentre), dataCentre.address, resolve);
    });
  }

  /** From the data centre's address. Rejects where nobody answers or the certificate is not the name's. */
  async dial(host: string, port: number, from: DataCentre): Promise<Connection> {
    const { certificate: cert, key } = this.#use.clientIdentity;
    const address = isIP(host) ? host : (this.#use.hosts[host] ?? (await lookup(host, 4)).address);
    return new Promise((resolve, reject) => {
      const options: ConnectionOptions & Pick<TcpSocketConnectOpts, 'localAddress'> = {
        host: address,
        port,
        localAddress: from.address,
        cert,
        key,
        ca: this.#use.trust,
        minVersion: 'TLSv1.2',
        ...(isIP(host) ? {} : { servername: host }),
      };
      const socket = connect(options);
      socket.setTimeout(DIAL_TIMEOUT_MS, () =>
        socket.destroy(new Error(`Cannot dial ${host}:${port}: no answer in ${DIAL_TIMEOUT_MS} ms`)),
      );
      socket.once('error', (error) => {
        this.#refuse(from, `${host}:${port}: ${error.message}`);
        reject(error);
      });
      socket.once('secureConnect', () => {
        socket.removeAllListeners('timeout');
        socket.setTimeout(this.#use.idleMs ?? 0, () => socket.end());
        resolve(this.#take(socket, from, { openedBy: 'teams', certificateNames: [] }));
      });
    });
  }

  /** Every open connection is cut, as by a lost network. */
  cut(): void {
    for (const connection of [...this.connections]) connection.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #shown(): SecureContextOptions {
    const { identity, trust } = this.#use;
    return { cert: identity.certificate, key: identity.key, ca: trust, minVersion: 'TLSv1.2' };
  }

  #onAccepted(socket: TLSSocket, dataCentre: DataCentre): void {
    const verdict = verifyPeer(socket, this.#roots);
    const isFull = this.connections.size >= MAX_CONNECTIONS;
    if (verdict.kind === 'trusted' && !isFull) {
      this.#take(socket, dataCentre, { openedBy: 'sbc', certificateNames: verdict.names });
      return;
    }
    const why = verdict.kind === 'refused' ? verdict.reason : `more than ${MAX_CONNECTIONS} connections`;
    this.#refuse(dataCentre, why);
    socket.destroy();
  }

  #refuse(dataCentre: DataCentre, detail: string): void {
    this.#use.log.note({ kind: 'connection-refused', connection: 0, dataCentre: dataCentre.host, detail });
  }

  #take(
    socket: TLSSocket,
    dataCentre: DataCentre,
    peer: { readonly openedBy: 'teams' | 'sbc'; readonly certificateNames: readonly string[] },
  ): Connection {
    const connection = new Connection(socket, {
      id: ++this.#opened,
      dataCentre,
      ...peer,
      log: this.#use.log,
      onMessage: this.#use.onMessage,
      onClose: (closed) => {
        this.connections.delete(closed);
        this.#use.onClose(closed);
      },
    });
    this.connections.add(connection);
    return connection;
  }
}

function rootsOf(trust: string): readonly X509Certificate[] {
  const blocks = trust.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}
