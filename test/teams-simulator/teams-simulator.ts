/**
 * Microsoft's side of Direct Routing: data centres with mutual TLS that answer OPTIONS, send their own, take calls and
 * place them. Built on npm `sip`'s codec, so that the SBC's parser is never tested against itself.
 */
import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP, type TcpSocketConnectOpts } from 'node:net';
import { connect, createServer, type ConnectionOptions, type Server, type TLSSocket } from 'node:tls';
import sip, { type Message } from 'sip';
import { Connection, type DataCentre } from './connection.ts';
import { trunkOf, verifyPeer, type Trunk } from './identity.ts';
import { SimulatorLog } from './log.ts';
import { TeamsMedia, type MediaAddress } from './media.ts';
import { inviteTo, optionsTo, portOf, proxyHostOf, response } from './messages.ts';
import { Requests } from './requests.ts';
import { TeamsCall, type CallOwner } from './teams-call.ts';

export interface KeyPair {
  /** PEM, the whole chain. */
  readonly certificate: string;
  readonly key: string;
}

export interface TeamsSimulatorOptions {
  readonly dataCentres: readonly [DataCentre, ...DataCentre[]];
  readonly identity: KeyPair;
  /** What it presents when it dials. Default: `identity`. */
  readonly clientIdentity?: KeyPair;
  /** PEM of the roots that the SBC's certificate must chain to. */
  readonly trust: string;
  /** Looked up before DNS: name to address. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Between its own OPTIONS to a trunk that has sent one. 0: it sends none. Default: 60 000. */
  readonly optionsPeriodMs?: number;
  /** Where SDP points to. Default: port 50 000 of the call's data centre, where nobody listens. */
  readonly media?: MediaAddress;
  /** Default: a new TLS connection for every request within a dialog, as Microsoft does. */
  readonly reusesConnections?: boolean;
  /** What answers OPTIONS. Default: 200. */
  readonly optionsStatus?: number;
}

export interface PlacedCall {
  /** The trunk's FQDN and port: `sbc-0.example.com:5061`. */
  readonly sbc: string;
  readonly to: string;
  /** Default: `+18338006777`. */
  readonly from?: string;
  readonly displayName?: string;
  /** The data centre that places it. Default: the first. */
  readonly dataCentre?: string;
  readonly media?: MediaAddress;
  /** Further or other headers, names in lower case. */
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Microsoft leaves it to the SBC to start; between 180 and 200 there is always a person. */
const ANSWERS_AFTER_MS = 150;
const DIAL_TIMEOUT_MS = 5000;

export class TeamsSimulator implements CallOwner {
  readonly log = new SimulatorLog();
  readonly requests = new Requests();
  /** Takes every new call from the SBC. Default: rings, and answers 150 ms later. */
  onCall: (call: TeamsCall) => void = (call) => {
    call.ring();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (call.state === 'Calling') call.answer();
    }, ANSWERS_AFTER_MS);
    this.#timers.add(timer);
  };
  readonly #options: TeamsSimulatorOptions;
  readonly #roots: readonly X509Certificate[];
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Connection>();
  readonly #calls = new Map<string, TeamsCall>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Trunks that get OPTIONS: `fqdn:port from data centre`. */
  readonly #probed = new Set<string>();
  #opened = 0;
  #isStopped = false;

  constructor(options: TeamsSimulatorOptions) {
    this.#options = options;
    this.#roots = (options.trust.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----/g) ?? []).map(
      (pem) => new X509Certificate(pem),
    );
  }

  /** Resolves when all data centres listen. */
  async start(): Promise<void> {
    await Promise.all(this.#options.dataCentres.map((dataCentre) => this.#listen(dataCentre)));
  }

  /** Ends every connection, call and timer. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.requests.failAll();
    for (const connection of [...this.#connections]) connection.destroy();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  /** Places a call to the SBC. Resolves once the INVITE is on its way; rejects where the SBC cannot be dialled. */
  async call(placed: PlacedCall): Promise<TeamsCall> {
    const trunk = parseTrunk(placed.sbc);
    const dataCentre =
      placed.dataCentre === undefined ? this.#options.dataCentres[0] : this.dataCentre(placed.dataCentre);
    const media = new TeamsMedia(placed.media ?? this.#mediaOf(dataCentre));
    const invite = inviteTo(
      {
        sbc: trunk,
        to: placed.to,
        from: placed.from ?? '+18338006777',
        displayName: placed.displayName ?? 'Megan',
        sdp: media.offer(),
        headers: placed.headers ?? {},
      },
      dataCentre,
    );
    const connection = await this.connectionTo(invite.uri ?? '', dataCentre);
    const call = new TeamsCall(this, invite, connection, media);
    this.#calls.set(call.callId, call);
    void call.start();
    return call;
  }

  /** The names that the SBC must find at each data centre's address: for `hostAliases` or a hosts file. */
  hostAliases(): { readonly ip: string; readonly hostnames: readonly string[] }[] {
    return this.#options.dataCentres.map((each) => ({ ip: each.address, hostnames: [each.host, proxyHostOf(each)] }));
  }

  /** Every open connection is cut, as by a lost network. */
  loseConnections(): void {
    for (const connection of [...this.#connections]) connection.destroy();
  }

  // ---- what calls need

  dataCentre(host: string): DataCentre {
    const found = this.#options.dataCentres.find((each) => each.host === host);
    if (!found) throw new Error(`Cannot act for ${host}: no such data centre in this simulator`);
    return found;
  }

  async connectionTo(uri: string, from: DataCentre): Promise<Connection> {
    const parsed = sip.parseUri(uri);
    if (!parsed) throw new Error(`Cannot dial ${uri}: npm sip cannot read it`);
    const port = parsed.port || 5061;
    if (this.#options.reusesConnections === true) {
      const open = [...this.#connections].find((each) => each.dataCentre === from && each.isOpen);
      if (open) return open;
    }
    return this.#dial(parsed.host, port, from);
  }

  forget(call: TeamsCall): void {
    this.#calls.delete(call.callId);
  }

  // ---- connections

  #listen(dataCentre: DataCentre): Promise<void> {
    const { certificate: cert, key } = this.#options.identity;
    // The chain is judged by verifyPeer: Node's own check would demand clientAuth, which Microsoft does not.
    const server = createServer({
      cert,
      key,
      ca: this.#options.trust,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    });
    server.on('secureConnection', (socket) => this.#onAccepted(socket, dataCentre));
    server.on('tlsClientError', (error, socket) => {
      this.log.note({ kind: 'connection-refused', connection: 0, dataCentre: dataCentre.host, detail: error.message });
      socket.destroy();
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(portOf(dataCentre), dataCentre.address, resolve);
    });
  }

  #onAccepted(socket: TLSSocket, dataCentre: DataCentre): void {
    const verdict = verifyPeer(socket, this.#roots);
    if (verdict.kind === 'trusted') {
      this.#use(socket, dataCentre, verdict.names);
      return;
    }
    this.log.note({ kind: 'connection-refused', connection: 0, dataCentre: dataCentre.host, detail: verdict.reason });
    socket.destroy();
  }

  async #dial(host: string, port: number, from: DataCentre): Promise<Connection> {
    const { certificate: cert, key } = this.#options.clientIdentity ?? this.#options.identity;
    const address = await this.#resolve(host);
    return new Promise((resolve, reject) => {
      const server = isIP(host) ? {} : { servername: host };
      const options: ConnectionOptions & Pick<TcpSocketConnectOpts, 'localAddress'> = {
        host: address,
        port,
        localAddress: from.address,
        cert,
        key,
        ca: this.#options.trust,
        minVersion: 'TLSv1.2',
        ...server,
      };
      const socket = connect(options);
      socket.setTimeout(DIAL_TIMEOUT_MS, () =>
        socket.destroy(new Error(`Cannot dial ${host}:${port}: no answer in ${DIAL_TIMEOUT_MS} ms`)),
      );
      socket.once('error', (error) => {
        this.log.note({
          kind: 'connection-refused',
          connection: 0,
          dataCentre: from.host,
          detail: `${host}:${port}: ${error.message}`,
        });
        reject(error);
      });
      socket.once('secureConnect', () => {
        socket.setTimeout(0);
        resolve(this.#use(socket, from, []));
      });
    });
  }

  #use(socket: TLSSocket, dataCentre: DataCentre, certificateNames: readonly string[]): Connection {
    const connection = new Connection(socket, {
      id: ++this.#opened,
      dataCentre,
      certificateNames,
      log: this.log,
      onMessage: (message, on) => this.#onMessage(message, on),
      onClose: (closed) => {
        this.#connections.delete(closed);
        this.requests.onClosed(closed);
      },
    });
    this.#connections.add(connection);
    return connection;
  }

  async #resolve(host: string): Promise<string> {
    if (isIP(host)) return host;
    return this.#options.hosts?.[host] ?? (await lookup(host, 4)).address;
  }

  #mediaOf(dataCentre: DataCentre): MediaAddress {
    return this.#options.media ?? { address: dataCentre.address, port: 50_000 };
  }

  // ---- messages

  #onMessage(message: Message, connection: Connection): void {
    if (message.status !== undefined) {
      if (!this.requests.onResponse(message)) {
        this.log.note({
          kind: 'unreadable',
          connection: connection.id,
          dataCentre: connection.dataCentre.host,
          detail: 'a response to nothing',
        });
      }
      return;
    }
    const call = this.#calls.get(message.headers['call-id']);
    const isNew = !('tag' in message.headers.to.params);
    if (call && (!isNew || message.method === 'CANCEL' || message.method === 'ACK'))
      call.onRequest(message, connection);
    else if (message.method === 'ACK') return;
    else if (!isNew || message.method === 'CANCEL') connection.send(response(message, 481));
    else this.#onNewRequest(message, connection);
  }

  /** Outside a dialog: the trunk must be known by its FQDN and certificate before anything else. */
  #onNewRequest(request: Message, connection: Connection): void {
    const verdict = trunkOf(request, connection.certificateNames);
    if (verdict.kind === 'refused') {
      connection.send(response(request, 403, { headers: { reason: verdict.reason } }));
      return;
    }
    if (request.method === 'OPTIONS') {
      connection.send(response(request, this.#options.optionsStatus ?? 200));
      this.#probe(verdict.trunk, connection.dataCentre);
    } else if (request.method === 'INVITE') {
      connection.send(response(request, 100));
      const call = new TeamsCall(this, request, connection, this.#mediaOf(connection.dataCentre));
      this.#calls.set(call.callId, call);
      this.onCall(call);
    } else {
      connection.send(response(request, 405, { reasonPhrase: 'Method Not Allowed' }));
    }
  }

  /** "SIP Proxy waits for SBC to start the exchange": from the first OPTIONS on, it sends its own to that Contact. */
  #probe(trunk: Trunk, dataCentre: DataCentre): void {
    const periodMs = this.#options.optionsPeriodMs ?? 60_000;
    const key = `${trunk.fqdn}:${trunk.port} from ${dataCentre.host}`;
    if (periodMs === 0 || this.#probed.has(key)) return;
    this.#probed.add(key);
    const again = async () => {
      try {
        const connection = await this.#dial(trunk.fqdn, trunk.port, dataCentre);
        await this.requests.send(optionsTo(trunk.fqdn, trunk.port, dataCentre), connection);
        connection.destroy();
      } catch (error) {
        const detail = `${key}: ${error instanceof Error ? error.message : String(error)}`;
        if (!this.#isStopped)
          this.log.note({ kind: 'options-failed', connection: 0, dataCentre: dataCentre.host, detail });
      }
      if (this.#isStopped) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void again();
      }, periodMs);
      this.#timers.add(timer);
    };
    void again();
  }
}

function parseTrunk(text: string): Trunk {
  const [fqdn, port] = text.split(':');
  if (fqdn === undefined || fqdn === '') throw new Error(`Cannot call ${text}: give the FQDN and port of the SBC`);
  return { fqdn, port: Number(port ?? 5061) };
}
