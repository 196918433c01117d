/**
 * The call side of the runtime, composed bottom-up over whatever carries messages: real sockets in `main.ts`, an
 * in-memory network in the scenarios. The page reads like the layers of RFC 3261 §5.
 */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { CallLayer, type CallPlan } from './b2bua/call-layer.ts';
import type { CallEnd } from './b2bua/call-end.ts';
import type { CallRecords } from './b2bua/call-ports.ts';
import { DialogLayer } from './dialog/dialog-layer.ts';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { Metrics } from './kernel/metrics.ts';
import type { Random } from './kernel/random.ts';
import type { MediaRelay } from './media/media-relay.ts';
import { peersOf } from './peers/peers-of.ts';
import type { Peer } from './peers/peer.ts';
import { OptionsProber, type Probe, type ProbeResult } from './probing/options-prober.ts';
import { Responder } from './probing/responder.ts';
import { routeTable } from './routing/route.ts';
import { TargetBoard } from './routing/target-board.ts';
import type { TargetHealth } from './routing/target-health.ts';
import type { Hop } from './sip/hop.ts';
import { TransactionLayer } from './transaction/transaction-layer.ts';
import { rfc3261Timers, type RequestTimers } from './transaction/transaction-user.ts';
import type { Transports } from './transport/transport-user.ts';

export interface ComposeDeps {
  readonly transports: Transports;
  readonly relay: MediaRelay;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly records: CallRecords;
  readonly state: RoutingState;
  readonly podName: string;
  readonly bindAddress: string;
  readonly userAgent: string;
  /** @default rfc3261Timers */
  readonly timers?: RequestTimers;
}

/** One target as the report tells it. */
export interface TargetReport {
  readonly trunk: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly health: TargetHealth;
}

export interface CallSystem {
  /** A new document: trunks, routes and limits for calls that start from now on; OPTIONS to targets that are new. */
  apply(state: RoutingState): void;
  size(): { readonly calls: number; readonly legs: number; readonly transactions: number };
  drain(onEmpty: () => void): void;
  endAll(end: CallEnd): void;
  readonly isDraining: boolean;
  targets(): readonly TargetReport[];
  /** Wall-clock milliseconds of the last OPTIONS received, by trunk. */
  optionsReceivedAtMs(): ReadonlyMap<string, number>;
  /** No OPTIONS and no timers from now on. */
  stop(): void;
}

export function composeCalls(deps: ComposeDeps): CallSystem {
  const { transports, relay, clock, random, log, metrics, records } = deps;
  const timers = deps.timers ?? rfc3261Timers;
  const place = { podName: deps.podName, bindAddress: deps.bindAddress, userAgent: deps.userAgent };
  const board = new TargetBoard();
  const optionsReceived = new Map<string, number>();
  let peers = peersOf(deps.state, place);

  const transactions = new TransactionLayer({ transports, clock, random, log, metrics, timers });
  const dialogs = new DialogLayer({ transactions, clock, random, log, metrics, timers });
  const targets = {
    answered: (hop: Hop, status: number, retryAfterSeconds: number | undefined) => board.record(hop, { kind: 'answered', status, retryAfterSeconds }, clock.nowMs()),
    silent: (hop: Hop) => board.record(hop, { kind: 'silent' }, clock.nowMs()),
    unreachable: (hop: Hop, reason: string) => board.record(hop, { kind: 'unreachable', reason }, clock.nowMs()),
  };
  const orderTargets = (hops: readonly Hop[]) => board.order(hops, clock.nowMs());
  const calls = new CallLayer({ dialogs, relay, clock, random, log, metrics, records, targets, orderTargets }, callPlan(deps.state, peers));
  const prober = new OptionsProber({ transactions, clock, random, onResult: (target, result) => recordProbe(target, result) });
  const responder = new Responder({
    identityFor: (request, trunks) => trunks.map((trunk) => peers.get(trunk)).find((peer) => peer?.isAddressedBy(request.uri) === true)?.identity,
    isDraining: () => calls.isDraining,
    onOptions: (trunk) => optionsReceived.set(trunk, clock.wallMs()),
  });

  function recordProbe(target: Hop, result: ProbeResult): void {
    if (result.kind === 'answered') metrics.optionsAnswered(target.trunk, target.host, result.status);
    const before = board.of(target).status;
    board.record(target, result, clock.nowMs());
    const after = board.of(target);
    if (before === after.status) return;
    log.info('Target changed', { trunk: target.trunk, host: target.host, was: before, is: after.status, status: after.lastStatus, why: after.lastFailure });
  }

  transports.deliverTo(transactions);
  transactions.deliverTo(dialogs);
  dialogs.deliverTo({ onInvite: (invite) => calls.onInvite(invite), onRequest: (transaction) => responder.onRequest(transaction) });
  prober.apply(probesOf(peers));

  return {
    apply(state) {
      peers = peersOf(state, place);
      calls.apply(callPlan(state, peers));
      board.keepOnly([...peers.values()].flatMap((peer) => peer.targets));
      if (!calls.isDraining) prober.apply(probesOf(peers));
    },
    size: () => ({ calls: calls.size, legs: dialogs.size, transactions: transactions.size }),
    drain(onEmpty) {
      prober.stop();
      calls.drain(onEmpty);
    },
    endAll: (end) => calls.endAll(end),
    get isDraining() {
      return calls.isDraining;
    },
    targets: () =>
      [...peers.values()].flatMap((peer) => peer.targets.map((hop) => ({ trunk: hop.trunk, host: hop.host, port: hop.port, health: board.of(hop) }))),
    optionsReceivedAtMs: () => optionsReceived,
    stop: () => prober.stop(),
  };
}

function callPlan(state: RoutingState, peers: ReadonlyMap<string, Peer>): CallPlan {
  return {
    peers,
    routes: routeTable(state.routes),
    limits: state.limits,
    ringTimeoutMs: state.calls.ringTimeoutSeconds * 1000,
  };
}

function probesOf(peers: ReadonlyMap<string, Peer>): Probe[] {
  return [...peers.values()].flatMap((peer) =>
    peer.targets.map((target) => ({ target, periodSeconds: peer.optionsPeriodSeconds, request: () => peer.options(target) })),
  );
}
