/** The transport room as a whole (RFC 3261 §18): listeners, connections, and the doors up and down. */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Metrics } from '../kernel/metrics.ts';
import type { Random } from '../kernel/random.ts';
import type { Hop, TransportProtocol } from '../sip/hop.ts';
import type { Admission } from './admission.ts';
import { BoundListener } from './bound-listener.ts';
import type { ListenerConfig, ListenerDependencies } from './bound-listener.ts';
import { isDialledFor } from './connection-facts.ts';
import type { Speakers } from './connection-facts.ts';
import { ConnectionTable } from './connection-table.ts';
import type { HandshakeEnd } from './handshake-end.ts';
import { Intake } from './intake.ts';
import { defaultLimits } from './limits.ts';
import type { TransportLimits } from './limits.ts';
import { Outgoing, speakersOf } from './outgoing.ts';
import { OnceAMinute } from './once-a-minute.ts';
import { Refusals } from './refusals.ts';
import type { Resolver } from './resolver.ts';
import { StreamConnection } from './stream-connection.ts';
import type { TlsProvider } from './tls-material.ts';
import type { Tracer } from './tracer.ts';
import type { Flow, SendResult, Transports, TransportUser } from './transport-user.ts';
import { TurnBudget } from './turn-budget.ts';
import { UdpFlow } from './udp.ts';
import { DEFAULT_PORT } from './via-stamp.ts';

export interface TransportLayerDependencies {
  /** The pod's address: listeners bind to it, and what we dial leaves from it. */
  readonly bindAddress: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** @default nobody watches */
  readonly tracer?: Tracer | undefined;
  readonly resolver: Resolver;
  readonly admission: Admission;
  readonly tls: TlsProvider;
  /** Calls back in the next turn of the event loop. */
  readonly inNextTurn: (callback: () => void) => void;
  /** Replaces single limits. @default `defaultLimits` */
  readonly limits?: Partial<TransportLimits>;
  /** Told how every TLS dial for requests began. @default nobody */
  readonly onHandshake?: ((hop: Hop, end: HandshakeEnd) => void) | undefined;
}

export interface BoundAddress {
  readonly listener: string;
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
}

export class TransportLayer implements Transports {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #limits: TransportLimits;
  readonly #table: ConnectionTable;
  readonly #intake: Intake;
  readonly #outgoing: Outgoing;
  readonly #dependencies: ListenerDependencies;
  readonly #listeners = new Map<string, BoundListener>();
  readonly #lostResponses: OnceAMinute;
  #sweep: Timer | undefined;

  constructor(dependencies: TransportLayerDependencies) {
    const { clock, log, metrics, admission, tls, resolver, bindAddress } = dependencies;
    const tracer = dependencies.tracer;
    const limits: TransportLimits = { ...defaultLimits, ...dependencies.limits };
    const refusals = new Refusals({ clock, log, metrics, answersPerSecond: limits.refusalsAnsweredPerSecond });
    this.#clock = clock;
    this.#random = dependencies.random;
    this.#log = log;
    this.#limits = limits;
    this.#table = new ConnectionTable(limits);
    this.#lostResponses = new OnceAMinute(clock);
    this.#intake = new Intake({
      log,
      metrics,
      refusals,
      tracer,
      trunksAt: (listener, address) => admission.trunksAt(listener, address),
      formerTrunksAt: (listener, address) => admission.formerTrunksAt(listener, address),
    });
    const shared = { bindAddress, clock, log, metrics, limits, admission, tls, table: this.#table };
    const services = {
      ...{ clock, metrics, refusals, tracer, limits },
      idle: this.#table.idle,
      budget: new TurnBudget({ clock, limits, later: dependencies.inNextTurn }),
      onMessage: (connection: StreamConnection, head: string, body: string) =>
        this.#intake.streamed(connection, head, body),
      onBroken: (connection: StreamConnection, problem: Parameters<Intake['broken']>[1]) =>
        this.#intake.broken(connection, problem),
    };
    this.#outgoing = new Outgoing({
      ...shared,
      services,
      resolver,
      onHandshake: dependencies.onHandshake,
      udpSocket: (listener) => this.#listeners.get(listener)?.udp,
    });
    this.#dependencies = {
      ...{ ...shared, services, tracer, refusals },
      onDatagram: (socket, datagram, from) => this.#intake.datagram(socket, datagram, from),
    };
  }

  deliverTo(user: TransportUser): void {
    this.#intake.deliverTo(user);
  }

  /** Binds everything or nothing: throws SBC_LISTEN with address, port and remedy. */
  async start(listeners: readonly ListenerConfig[]): Promise<void> {
    await this.#open(listeners);
    this.#sweepLater();
  }

  /**
   * Call it once admission and TLS material are replaced: rebinds the listeners that changed, serves new certificates to
   * new handshakes, retires connections made with an old one and ends those whose peer may no longer talk to us. Throws
   * SBC_LISTEN where a new listener cannot be bound: then the listeners of before serve on.
   */
  async reload(listeners: readonly ListenerConfig[]): Promise<void> {
    const wanted = new Map(listeners.map((listener) => [listener.name, listener]));
    const removed = [...this.#listeners.values()].filter(({ config }) => !isSame(config, wanted.get(config.name)));
    const added = listeners.filter((listener) => !isSame(listener, this.#listeners.get(listener.name)?.config));
    // A port that goes from one listener to another has to be free first.
    const inTheWay = removed.filter(({ config }) => added.some((listener) => isSameSocket(listener, config)));
    await this.#close(inTheWay);
    try {
      await this.#open(added, removed);
    } catch (error) {
      await this.#open(inTheWay.map(({ config }) => config));
      throw error;
    }
    await this.#close(removed.filter((listener) => !inTheWay.includes(listener)));
    let retired = 0;
    for (const connection of this.#table) {
      const wasRetired = connection.isRetired;
      this.#judgeAgain(connection);
      if (connection.isRetired && !wasRetired) retired += 1;
    }
    if (retired > 0) this.#log.info('Connections are replaced', { connections: retired });
  }

  /** Ends everything at once; draining is for the rooms above. */
  async close(): Promise<void> {
    if (this.#sweep !== undefined) this.#clock.cancel(this.#sweep);
    this.#sweep = undefined;
    this.#outgoing.close();
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const connection of this.#table) connection.close();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  boundAddresses(): readonly BoundAddress[] {
    const { bindAddress } = this.#dependencies;
    return Array.from(this.#listeners.values(), ({ config, port }) => ({
      listener: config.name,
      protocol: config.protocol,
      address: bindAddress,
      port,
    }));
  }

  /** Calls `answered` once a datagram has come through the receive buffer of every UDP listener, behind what waits there. False: there is none. */
  probeQueues(answered: () => void): boolean {
    const sockets = Array.from(this.#listeners.values(), ({ udp }) => udp).filter((udp) => udp !== undefined);
    let open = sockets.length;
    for (const socket of sockets)
      socket.probe(this.#random.token(), () => {
        open -= 1;
        if (open === 0) answered();
      });
    return sockets.length > 0;
  }

  /** Open connections, both directions. */
  get connections(): number {
    return this.#table.size;
  }

  send(hop: Hop, text: string, done: (result: SendResult) => void): void {
    this.#outgoing.send(hop, text, done);
  }

  sendOn(flow: Flow, text: string): boolean {
    if (flow instanceof UdpFlow) return flow.socket.send(flow, flow.port, text);
    return flow instanceof StreamConnection && flow.write(text);
  }

  retire(hop: Hop): void {
    for (const connection of this.#table) if (isDialledFor(connection.facts, hop)) connection.retireAtOnce();
  }

  respond(flow: Flow, via: Parameters<Transports['respond']>[1], text: string, failed?: () => void): void {
    if (flow instanceof UdpFlow) {
      flow.socket.send(flow, flow.responsePort, text);
      return;
    }
    if (flow instanceof StreamConnection && flow.write(text)) return;
    // RFC 3261 §18.2.2: the connection is gone. The address is where the request came from, which is what `received`
    // says; sent-by gives the port, and on TLS the name to verify.
    const { protocol, address, listener } = flow;
    const trunks = [...flow.trunks, ...(flow.formerTrunks ?? [])];
    const port = via.port ?? DEFAULT_PORT[protocol];
    if (this.#table.toPeer(protocol, address, port, trunks)?.write(text) === true) return;
    const hop: Hop = { protocol, host: via.host, port, listener, trunk: trunks[0] ?? '', sentBy: '' };
    this.#outgoing.respondTo({ address, port }, hop, text, (result) => {
      if (result.kind !== 'failed') return;
      this.#dependencies.metrics.refused(protocol, 'response-lost');
      if (this.#lostResponses.isDue(address))
        this.#log.warn('A response found no way back', { protocol, address, port, reason: result.reason });
      failed?.();
    });
  }

  async #open(configs: readonly ListenerConfig[], replaced: readonly BoundListener[] = []): Promise<void> {
    const opened: BoundListener[] = [];
    try {
      for (const config of configs) {
        const listener = new BoundListener(config, this.#dependencies);
        await listener.open();
        opened.push(listener);
        this.#log.info('Listening', {
          listener: config.name,
          protocol: config.protocol,
          address: this.#dependencies.bindAddress,
          port: listener.port,
        });
      }
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close()));
      throw error;
    }
    for (const { config } of replaced) this.#listeners.delete(config.name);
    for (const listener of opened) this.#listeners.set(listener.config.name, listener);
  }

  async #close(listeners: readonly BoundListener[]): Promise<void> {
    for (const listener of listeners) {
      if (this.#listeners.get(listener.config.name) === listener) this.#listeners.delete(listener.config.name);
      await listener.close();
    }
  }

  #judgeAgain(connection: StreamConnection): void {
    const { admission, tls } = this.#dependencies;
    const { protocol, listener, address, chain, ownFingerprint, dialledFor } = connection.facts;
    const nowMs = this.#clock.wallMs();
    // Teams: wants connections made with a replaced certificate closed and made anew; docs/teams-direct-routing.md.
    const wanted = dialledFor === undefined ? ownFingerprint : tls.clientIdentity(dialledFor.trunk)?.fingerprint256;
    if (ownFingerprint !== undefined && (ownFingerprint !== wanted || !tls.isCurrent(ownFingerprint)))
      connection.retire();
    if (dialledFor === undefined) {
      const speakers = this.#speakersOf(connection, nowMs);
      if (speakers.trunks.length + speakers.formerTrunks.length === 0) connection.close();
      else connection.nowSpeaksFor(speakers);
    } else if (protocol === 'TCP') {
      const mayCall = admission.trunksAt(listener, address).includes(dialledFor.trunk);
      const mayGoOn = admission.formerTrunksAt(listener, address).includes(dialledFor.trunk);
      connection.nowSpeaksFor(speakersOf(dialledFor.trunk, { mayCall, mayGoOn }));
    } else {
      const judged = admission.judgeDialled({ ...dialledFor, listener, address, chain }, nowMs);
      connection.nowSpeaksFor(speakersOf(dialledFor.trunk, judged));
      if (judged.verdict !== 'ok') connection.retire();
    }
    // Once their listener is gone, a peer's calls reach us nowhere else: it stays until the last of them is over.
    if (!this.#listeners.has(listener) && connection.formerTrunks.length === 0) connection.retire();
  }

  #speakersOf(connection: StreamConnection, nowMs: number): Speakers {
    const { admission } = this.#dependencies;
    const { protocol, listener, address, chain } = connection.facts;
    if (protocol === 'TCP')
      return {
        acceptsRequests: true,
        trunks: admission.trunksAt(listener, address),
        formerTrunks: admission.formerTrunksAt(listener, address),
      };
    const verdict = admission.judgePeer(listener, address, chain, nowMs);
    const { trunks, formerTrunks } = verdict.ok ? verdict : { trunks: [], formerTrunks: [] };
    return { trunks, formerTrunks, acceptsRequests: true };
  }

  #sweepLater(): void {
    this.#sweep = this.#clock.after(this.#limits.sweepMs, () => {
      const nowMs = this.#clock.nowMs();
      for (const connection of this.#table) connection.sweep(nowMs);
      this.#sweepLater();
    });
  }
}

const isSame = (one: ListenerConfig, other: ListenerConfig | undefined) =>
  other !== undefined && one.protocol === other.protocol && one.port === other.port;

const isUdp = ({ protocol }: ListenerConfig) => protocol === 'UDP';

const isSameSocket = (one: ListenerConfig, other: ListenerConfig) =>
  one.port === other.port && isUdp(one) === isUdp(other);
