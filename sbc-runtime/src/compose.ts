/**
 * The call side of the runtime, composed bottom-up over whatever carries messages: real sockets in `main.ts`, an
 * in-memory network in the scenarios. The page reads like the layers of RFC 3261 §5.
 */
import type { PeerRefusal, RoutingState } from '@teams-sbc/crds/runtime';
import { CallGate, type WaitProbe } from './b2bua/call-gate.ts';
import { CallLayer, type CallPlan } from './b2bua/call-layer.ts';
import type { CallEnd } from './b2bua/call-end.ts';
import { noJournal, type CallJournal, type CallRecords } from './b2bua/call-ports.ts';
import type { FoundCalls } from './b2bua/take-over.ts';
import { DialogLayer } from './dialog/dialog-layer.ts';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { Metrics } from './kernel/metrics.ts';
import type { Random } from './kernel/random.ts';
import type { MediaRelay } from './media/media-relay.ts';
import { countryOf, e164 } from './peers/e164.ts';
import { peersOf, type PeerPlace } from './peers/peers-of.ts';
import type { Peer } from './peers/peer.ts';
import { OptionsProber, type Probe } from './probing/options-prober.ts';
import { Responder } from './probing/responder.ts';
import { CallRouter } from './routing/route.ts';
import { RouteMemory } from './routing/route-memory.ts';
import type { Credentials } from './sip/digest.ts';
import type { Hop } from './sip/hop.ts';
import type { LocalIdentity } from './sip/local-identity.ts';
import type { Request } from './sip/message.ts';
import { TargetWatch, type TargetReport } from './target-watch.ts';
import { TransactionLayer } from './transaction/transaction-layer.ts';
import { rfc3261Timers, type RequestTimers } from './transaction/transaction-user.ts';
import type { HandshakeEnd } from './transport/handshake-end.ts';
import type { Transports } from './transport/transport-user.ts';

export interface ComposeDeps {
  readonly transports: Transports;
  readonly relay: MediaRelay;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly records: CallRecords;
  /** @default a crash takes all calls along */
  readonly journal?: CallJournal;
  readonly state: RoutingState;
  readonly podName: string;
  readonly bindAddress: string;
  readonly userAgent: string;
  /** @default rfc3261Timers */
  readonly timers?: RequestTimers;
  /** @default what the document's calls a second need */
  readonly maxTransactions?: number;
  /** Tells how late we are; without it only the limits of the document hold. */
  readonly probe?: WaitProbe;
  /** What a trunk answers 401 and 407 with; asked each time. @default nothing */
  readonly credentials?: (trunk: string) => Credentials | undefined;
}

export function composeCalls(deps: ComposeDeps): CallSystem {
  return new CallSystem(deps);
}

export class CallSystem {
  readonly #place: PeerPlace;
  readonly #random: Random;
  readonly #targets: TargetWatch;
  readonly #maxTransactions: (state: RoutingState) => number;
  readonly #transactions: TransactionLayer;
  readonly #dialogs: DialogLayer;
  readonly #calls: CallLayer;
  readonly #gate: CallGate | undefined;
  readonly #prober: OptionsProber;
  /** Wall-clock milliseconds, by trunk. */
  readonly #optionsReceived = new Map<string, number>();
  readonly #routeMemory = new RouteMemory(readNumber);
  #peers: ReadonlyMap<string, Peer>;

  constructor(deps: ComposeDeps) {
    const { transports, relay, clock, random, log, metrics, records } = deps;
    const timers = deps.timers ?? rfc3261Timers;
    this.#random = random;
    this.#place = { podName: deps.podName, bindAddress: deps.bindAddress, userAgent: deps.userAgent };
    this.#peers = peersOf(deps.state, this.#place);
    this.#targets = new TargetWatch({ clock, log, metrics, retire: (hop) => transports.retire(hop) });
    this.#targets.keepOnly(this.#peers);

    const { probe } = deps;
    const gate = probe === undefined ? undefined : new CallGate({ clock, log, metrics, probe });
    this.#maxTransactions = (state) => deps.maxTransactions ?? transactionsOf(state);
    const maxTransactions = this.#maxTransactions(deps.state);
    const transactions = new TransactionLayer({
      transports,
      clock,
      random,
      log,
      metrics,
      timers,
      maxTransactions,
      gate,
    });
    const supported = ['timer', '100rel'];
    const { credentials = () => undefined } = deps;
    const dialogs = new DialogLayer({ transactions, clock, random, log, metrics, timers, supported, credentials });
    const targets = this.#targets;
    const orderTargets = targets.order.bind(targets);
    const calls = new CallLayer(
      {
        ...{ dialogs, relay, clock, random, log, metrics, records, targets, orderTargets },
        journal: deps.journal ?? noJournal,
      },
      this.#callPlan(deps.state),
    );
    const onResult = targets.probed.bind(targets);
    this.#prober = new OptionsProber({
      ...{ transactions, clock, random, onResult },
      onRefused: targets.refused.bind(targets),
    });
    const responder = new Responder({
      identityFor: (request, trunks) => this.#identityFor(request, trunks),
      isDraining: () => calls.isDraining,
      onOptions: (trunk) => this.#optionsReceived.set(trunk, clock.wallMs()),
    });

    transports.deliverTo(transactions);
    transactions.deliverTo(dialogs);
    dialogs.deliverTo({
      onInvite: (invite) => calls.onInvite(invite),
      onRequest: (transaction) => responder.onRequest(transaction),
    });
    this.#prober.apply(probesOf(this.#peers));
    this.#transactions = transactions;
    this.#dialogs = dialogs;
    this.#gate = gate;
    this.#calls = calls;
  }

  get isDraining(): boolean {
    return this.#calls.isDraining;
  }

  /** True while the processor is the limit and some new calls are refused. */
  get isOverloaded(): boolean {
    return this.#gate?.isOverloaded === true;
  }

  size(): { readonly calls: number; readonly legs: number; readonly transactions: number } {
    return { calls: this.#calls.size, legs: this.#dialogs.size, transactions: this.#transactions.size };
  }

  /** Calls of an earlier process, before anything comes in. To be called once messages can be sent: what it returns. */
  takeOver(found: FoundCalls): () => void {
    return this.#calls.takeOver(found);
  }

  /** The trunks that have legs, and on the clock when the oldest of each began. */
  trunksInUse(): ReadonlyMap<string, number> {
    return this.#dialogs.trunksInUse();
  }

  /** A new document: trunks, routes and limits for calls that start from now on; OPTIONS to targets that are new. */
  apply(state: RoutingState): void {
    this.#peers = peersOf(state, this.#place);
    this.#transactions.limitTo(this.#maxTransactions(state));
    this.#calls.apply(this.#callPlan(state));
    this.#targets.keepOnly(this.#peers);
    for (const trunk of this.#optionsReceived.keys()) if (!this.#peers.has(trunk)) this.#optionsReceived.delete(trunk);
    if (!this.isDraining) this.#prober.apply(probesOf(this.#peers));
  }

  /** New calls get 503, OPTIONS stop; `onEmpty` once the last call is over. */
  drain(onEmpty: () => void): void {
    this.#prober.stop();
    this.#calls.drain(onEmpty);
  }

  endAll(end: CallEnd): void {
    this.#calls.endAll(end);
  }

  targets(): readonly TargetReport[] {
    return this.#targets.report(this.#peers);
  }

  lastRefusal(trunk: string): PeerRefusal | undefined {
    return this.#targets.lastRefusal(trunk);
  }

  /** How a TLS connection to a target began. */
  handshaken(hop: Hop, end: HandshakeEnd): void {
    this.#targets.handshaken(hop, end);
  }

  /** Wall-clock milliseconds of the last OPTIONS received, by trunk. */
  optionsReceivedAtMs(): ReadonlyMap<string, number> {
    return this.#optionsReceived;
  }

  /** No OPTIONS from now on. */
  stop(): void {
    this.#prober.stop();
  }

  #callPlan(state: RoutingState): CallPlan {
    const [random, memory] = [this.#random, this.#routeMemory];
    return {
      peers: this.#peers,
      router: new CallRouter(state, { below: (limit) => random.below(limit), readNumber, memory }),
      limits: state.limits,
      ringTimeoutMs: state.calls.ringTimeoutSeconds * 1000,
    };
  }

  #identityFor(request: Request, trunks: readonly string[]): LocalIdentity | undefined {
    for (const trunk of trunks) {
      const peer = this.#peers.get(trunk);
      if (peer?.isAddressedBy(request.uri) === true) return peer.identity;
    }
    return undefined;
  }
}

/**
 * RFC 6026: a call over UDP leaves three transactions that live for 64*T1 (32 s) each, so that calls alone are 96 a call a
 * second. One trunk must have room for all of them beside what is kept from it (`transaction/occupancy.ts`). Some 2 KiB each.
 */
function transactionsOf({ limits }: RoutingState): number {
  return Math.min(500_000, Math.max(100_000, 160 * limits.maxCallsPerSecond));
}

const readNumber = (user: string, country: string): string => e164(user, countryOf(country));

function probesOf(peers: ReadonlyMap<string, Peer>): Probe[] {
  return [...peers.values()].flatMap((peer) =>
    peer.targets.map((target) => ({
      target,
      periodSeconds: peer.optionsPeriodSeconds,
      request: () => peer.options(target),
    })),
  );
}
