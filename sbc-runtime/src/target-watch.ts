/** What OPTIONS and calls say about the targets, in one place: the board that orders them, the log line when one changes, the connection that is given up. */
import type { PeerRefusal } from '@teams-sbc/crds/runtime';
import type { TargetReports } from './b2bua/call-ports.ts';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { Metrics } from './kernel/metrics.ts';
import type { Peer } from './peers/peer.ts';
import { LastRefusals } from './last-refusals.ts';
import type { ProbeResult } from './probing/options-prober.ts';
import { sharedHealth } from './routing/shared-health.ts';
import { TargetBoard } from './routing/target-board.ts';
import type { TargetEvent, TargetHealth } from './routing/target-health.ts';
import type { Hop } from './sip/hop.ts';
import type { Response } from './sip/message.ts';
import { TlsStates, type TlsState } from './tls-states.ts';
import type { HandshakeEnd } from './transport/handshake-end.ts';

/** One target as the report tells it. */
export interface TargetReport {
  readonly trunk: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly health: TargetHealth;
  /** Undefined: it is reached without TLS. */
  readonly tls: TlsState | undefined;
}

export interface TargetWatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The transport room's: the next request to a target goes over a new connection. */
  readonly retire: (hop: Hop) => void;
}

type Peers = ReadonlyMap<string, Peer>;

export class TargetWatch implements TargetReports {
  readonly #deps: TargetWatchDeps;
  readonly #board = new TargetBoard();
  readonly #refusals = new LastRefusals();
  readonly #tls = new TlsStates();

  constructor(deps: TargetWatchDeps) {
    this.#deps = deps;
  }

  order(hops: readonly Hop[]): readonly Hop[] {
    return this.#board.order(hops, this.#deps.clock.nowMs());
  }

  answered(hop: Hop, status: number, retryAfterSeconds: number | undefined): void {
    this.#record(hop, { kind: 'answered', status, retryAfterSeconds, isOfCall: true });
    // Teams: a data centre that sends a call away for a time wants the connection gone as well.
    if (status === 503 && retryAfterSeconds !== undefined) this.#deps.retire(hop);
  }

  refused(hop: Hop, method: string, response: Response): void {
    this.#refusals.record(hop, method, response, this.#deps.clock.wallMs());
  }

  /** The last one of the trunk's far end that still counts. */
  lastRefusal(trunk: string): PeerRefusal | undefined {
    return this.#refusals.of(trunk, this.#deps.clock.wallMs());
  }

  handshaken(hop: Hop, end: HandshakeEnd): void {
    this.#tls.record(hop, end);
  }

  silent(hop: Hop): void {
    this.#record(hop, { kind: 'silent' });
    this.#deps.retire(hop);
  }

  unreachable(hop: Hop, reason: string): void {
    this.#record(hop, { kind: 'unreachable', reason });
  }

  probed(hop: Hop, result: ProbeResult, periodSeconds: number): void {
    this.#board.probedEvery(hop, periodSeconds);
    if (result.kind === 'answered') this.#deps.metrics.optionsAnswered(hop.trunk, hop.host, result.status);
    if (result.kind === 'answered') this.#refusals.optionsAnswered(hop, result.status);
    this.#record(hop, result);
    // A path that lost its state half-way swallows all that goes over the old connection, for as long as TCP keeps trying.
    if (result.kind === 'silent') this.#deps.retire(hop);
  }

  report(peers: Peers): readonly TargetReport[] {
    return hopsOf(peers).map((hop) => ({
      trunk: hop.trunk,
      host: hop.host,
      port: hop.port,
      health: this.#board.of(hop),
      tls: hop.protocol === 'TLS' ? this.#tls.of(hop) : undefined,
    }));
  }

  keepOnly(peers: Peers): void {
    const shared = sharedHealth(peers.values());
    this.#refusals.keepOnly(peers);
    const hops = hopsOf(peers);
    this.#tls.keepOnly(hops);
    this.#board.keepOnly(hops, shared);
    for (const peer of peers.values()) {
      for (const hop of peer.targets) {
        if (!shared.has(hop)) this.#board.probedEvery(hop, peer.optionsPeriodSeconds);
      }
    }
  }

  #record(hop: Hop, event: TargetEvent): void {
    const { clock, log } = this.#deps;
    const was = this.#board.of(hop).status;
    this.#board.record(hop, event, clock.nowMs());
    const { status, lastStatus, lastFailure } = this.#board.of(hop);
    if (status === was) return;
    log.info('Target changed', {
      trunk: hop.trunk,
      host: hop.host,
      was,
      is: status,
      status: lastStatus,
      why: lastFailure,
    });
  }
}

function hopsOf(peers: Peers): Hop[] {
  return [...peers.values()].flatMap((peer) => peer.targets);
}
