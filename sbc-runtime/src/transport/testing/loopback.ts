/** For tests: a transport layer on the loopback interface with virtual time, and plain sockets as its peers. */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { silentLog } from '../../kernel/log.ts';
import { noMetrics } from '../../kernel/metrics.ts';
import type { Metrics } from '../../kernel/metrics.ts';
import type { Random } from '../../kernel/random.ts';
import { inNextTurn } from '../../kernel/system-clock.ts';
import { VirtualClock } from '../../kernel/virtual-clock.ts';
import type { Hop } from '../../sip/hop.ts';
import type { Request, Response } from '../../sip/message.ts';
import { AdmissionPolicy } from '../admission.ts';
import type { AdmissionRules, AdmissionTrunk, Roots } from '../admission.ts';
import type { Lookup } from '../dns-cache.ts';
import { HostsFile } from '../hosts-file.ts';
import type { TransportLimits } from '../limits.ts';
import { NameResolver } from '../resolver.ts';
import type { TlsProvider } from '../tls-material.ts';
import type { HandshakeEnd } from '../handshake-end.ts';
import { TransportLayer } from '../transport-layer.ts';
import type { Flow, SendResult, TransportUser } from '../transport-user.ts';

/** What has arrived, in order; `next` waits for what has not. */
export class Inbox<T> {
  readonly #arrived: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  push(value: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#arrived.push(value);
    else waiting(value);
  }

  next(): Promise<T> {
    const value = this.#arrived.shift();
    return value === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(value);
  }

  get size(): number {
    return this.#arrived.length;
  }
}

class Recorder implements TransportUser {
  readonly requests = new Inbox<{ request: Request; flow: Flow }>();
  readonly responses = new Inbox<{ response: Response; flow: Flow }>();

  onRequest(request: Request, flow: Flow): void {
    this.requests.push({ request, flow });
  }

  onResponse(response: Response, flow: Flow): void {
    this.responses.push({ response, flow });
  }
}

const noDns: Lookup = {
  addresses: () => Promise.resolve({ records: [], ttlSeconds: 0 }),
  srv: () => Promise.resolve({ records: [], ttlSeconds: 0 }),
};

const noTls: TlsProvider = {
  defaultContext: () => undefined,
  contextFor: () => undefined,
  clientIdentity: () => undefined,
  isCurrent: () => false,
};

/** Not random at all. */
export const firstOfAll: Random = { token: () => '0'.repeat(24), below: () => 0 };

export const allowAll = (name: string, listener: string): AdmissionTrunk => ({
  kind: 'PbxTrunk',
  name,
  listener,
  allowCIDRs: ['127.77.0.0/16'],
});

export interface LoopbackOptions {
  readonly bindAddress: string;
  readonly rules: AdmissionRules;
  readonly roots?: Roots;
  readonly tls?: TlsProvider;
  readonly lookup?: Lookup;
  readonly hostsPath?: string;
  readonly limits?: Partial<TransportLimits>;
  readonly startWallMs?: number;
}

export class Loopback {
  readonly clock: VirtualClock;
  readonly user = new Recorder();
  readonly refused = new Inbox<string>();
  readonly opened = new Inbox<string>();
  readonly closed = new Inbox<string>();
  readonly certificatesRefused = new Inbox<string>();
  /** How dials over TLS began. */
  readonly handshakes: HandshakeEnd[] = [];
  readonly admission: AdmissionPolicy;
  readonly layer: TransportLayer;
  readonly traced: string[] = [];
  readonly warnings: string[] = [];

  constructor(options: LoopbackOptions) {
    const clock = new VirtualClock(options.startWallMs);
    this.clock = clock;
    this.admission = new AdmissionPolicy({ rules: options.rules, roots: options.roots ?? (() => []) });
    const metrics: Metrics = {
      ...noMetrics,
      refused: (_protocol, reason) => this.refused.push(reason),
      connectionOpened: (_protocol, direction) => this.opened.push(direction),
      connectionClosed: (_protocol, direction) => this.closed.push(direction),
      certificateRefused: (reason) => this.certificatesRefused.push(reason),
    };
    this.layer = new TransportLayer({
      bindAddress: options.bindAddress,
      clock,
      random: firstOfAll,
      log: { ...silentLog, warn: (message) => void this.warnings.push(message) },
      metrics,
      tracer: {
        message: (direction, _flow, text) => this.traced.push(`${direction} ${text.slice(0, text.indexOf('\r'))}`),
      },
      resolver: new NameResolver({
        clock,
        random: firstOfAll,
        hosts: new HostsFile({ path: options.hostsPath, clock }),
        lookup: options.lookup ?? noDns,
        family: 4,
      }),
      admission: this.admission,
      inNextTurn,
      tls: options.tls ?? noTls,
      limits: options.limits ?? {},
      onHandshake: (_hop, end) => this.handshakes.push(end),
    });
    this.layer.deliverTo(this.user);
  }

  portOf(listener: string): number {
    return this.layer.boundAddresses().find((bound) => bound.listener === listener)?.port ?? 0;
  }

  send(hop: Hop, text: string): Promise<SendResult> {
    return new Promise((resolve) => this.layer.send(hop, text, resolve));
  }
}

export interface TextPeer {
  readonly inbox: Inbox<string>;
  readonly closed: Promise<void>;
  readonly port: number;
}

export interface UdpPeer extends Omit<TextPeer, 'closed'> {
  send(text: string | Buffer, port: number, address: string): void;
  close(): void;
}

export async function udpPeer(address: string): Promise<UdpPeer> {
  const socket = createSocket('udp4');
  const inbox = new Inbox<string>();
  socket.on('message', (datagram) => inbox.push(datagram.toString('latin1')));
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  return {
    inbox,
    port: socket.address().port,
    send: (text, port, to) => socket.send(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, port, to),
    close: () => socket.close(),
  };
}

export interface StreamPeer extends TextPeer {
  readonly socket: Socket;
}

/** Wraps a socket; the inbox has what came, chunk by chunk. */
export function streamPeer(socket: Socket): StreamPeer {
  const inbox = new Inbox<string>();
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => inbox.push(chunk.toString('latin1')));
  return {
    socket,
    inbox,
    port: socket.localPort ?? 0,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  };
}

export async function tcpPeer(port: number, address: string, localAddress: string): Promise<StreamPeer> {
  const socket = connect({ host: address, port, localAddress, noDelay: true });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => socket.once('connect', () => resolve())), closed]);
  return streamPeer(socket);
}

export interface PeerServer {
  readonly server: Server;
  readonly port: number;
  readonly accepted: Inbox<StreamPeer>;
  close(): void;
}

export async function tcpServer(address: string, port = 0): Promise<PeerServer> {
  const accepted = new Inbox<StreamPeer>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    accepted.push(streamPeer(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    accepted,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export interface RequestParts {
  readonly method?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly lines?: readonly string[];
  readonly body?: string;
}

export function requestText({
  method = 'OPTIONS',
  via = 'SIP/2.0/UDP 127.77.9.9:5060;branch=z9hG4bK1',
  callId = 'a@b',
  lines = [],
  body = '',
}: RequestParts = {}): string {
  const head = [
    `${method} sip:sbc@127.77.0.1 SIP/2.0`,
    `Via: ${via}`,
    'Max-Forwards: 70',
    'From: <sip:pbx@127.77.9.9>;tag=1',
    'To: <sip:sbc@127.77.0.1>',
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    ...lines,
    `Content-Length: ${body.length}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

export function okText(request: string): string {
  const lines = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return ['SIP/2.0 200 OK', ...lines, 'Content-Length: 0', '', ''].join('\r\n');
}
