/** The metrics port by prom-client. Names and meanings: docs/metrics.md. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics, Protocol } from '../kernel/metrics.ts';
import { CounterTable, joinLabels } from './counter-table.ts';

/** States rather than events, asked for when somebody scrapes. */
export interface GaugeSources {
  readonly activeCalls: () => number;
  readonly transactions: () => number;
  readonly dialogs: () => number;
  readonly connections: () => number;
  readonly relayAvailable: () => boolean;
  readonly draining: () => boolean;
  readonly overloaded: () => boolean;
  readonly journalWritable: () => boolean;
  /** Seconds until each certificate in use expires, by its name; negative once it has. */
  readonly certificateExpirySeconds: () => Iterable<readonly [string, number]>;
}

const METHODS = [
  'INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'PRACK', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'SUBSCRIBE', 'PUBLISH', 'MESSAGE',
]; // prettier-ignore
const KINDS: ReadonlySet<string> = new Set([...METHODS, '1xx', '2xx', '3xx', '4xx', '5xx', '6xx']);
/** A method is any token that a peer likes. */
const OTHER_KIND = 'other';

const CALL_SECONDS = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const RING_SECONDS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20];
const RELAY_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

export interface PrometheusMetricsParams {
  /** CPU, memory, garbage collection and event loop lag of the process. @default true */
  readonly processMetrics?: boolean;
}

export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #received = this.#counter(
    'sbc_sip_messages_received_total',
    'SIP messages received, by method or class of status',
    ['protocol', 'kind'],
  );
  readonly #sent = this.#counter('sbc_sip_messages_sent_total', 'SIP messages sent, retransmissions included', [
    'protocol',
    'kind',
  ]);
  readonly #refused = this.#counter('sbc_refused_total', 'Messages and connections turned away', [
    'protocol',
    'reason',
  ]);
  readonly #opened = this.#counter('sbc_connections_opened_total', 'Connections opened', ['protocol', 'direction']);
  readonly #closed = this.#counter('sbc_connections_closed_total', 'Connections closed', ['protocol', 'direction']);
  readonly #certificates = this.#counter(
    'sbc_peer_certificates_refused_total',
    'TLS peers whose certificate was refused',
    ['reason'],
  );
  readonly #retransmissions = this.#counter('sbc_sip_retransmissions_total', 'SIP messages sent again', ['kind']);
  readonly #callsStarted = this.#counter('sbc_calls_started_total', 'Calls that were let in', ['direction']);
  readonly #callsEnded = this.#counter('sbc_calls_ended_total', 'Calls that ended, by result and reason', [
    'direction',
    'result',
    'reason',
  ]);
  readonly #callsTakenOver = this.#counter(
    'sbc_calls_taken_over_total',
    'Calls that an earlier process of the pod has left',
    ['direction', 'outcome'],
  );
  readonly #relayRequests = this.#counter('sbc_relay_requests_total', 'Requests to the media relay', [
    'verb',
    'outcome',
  ]);
  readonly #options = this.#counter('sbc_options_answered_total', 'Answers to our OPTIONS', [
    'trunk',
    'host',
    'status',
  ]);
  readonly #documents = this.#counter('sbc_routing_documents_total', 'Routing-state documents read', ['accepted']);
  readonly #callSeconds = this.#histogram(
    'sbc_call_duration_seconds',
    'From the answer to the end of the call',
    ['direction'],
    CALL_SECONDS,
  );
  readonly #ringSeconds = this.#histogram(
    'sbc_call_ring_delay_seconds',
    'From INVITE to the first response beyond 100 that the caller got',
    ['direction'],
    RING_SECONDS,
  );
  readonly #relaySeconds = this.#histogram(
    'sbc_relay_request_duration_seconds',
    'From request to answer of the media relay',
    ['verb'],
    RELAY_SECONDS,
  );

  constructor(params: PrometheusMetricsParams = {}) {
    for (const protocol of ['UDP', 'TCP', 'TLS']) {
      // A series that exists from the start shows its first increase.
      for (const kind of [...KINDS, OTHER_KIND]) {
        this.#received.cell(protocol, kind);
        this.#sent.cell(protocol, kind);
      }
    }
    if (params.processMetrics ?? true) collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The Prometheus text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Once, when everything that is asked exists. */
  gaugesFrom(sources: GaugeSources): void {
    this.#gauge('sbc_calls_active', 'Calls in progress', sources.activeCalls);
    this.#gauge('sbc_transactions_active', 'SIP transactions alive', sources.transactions);
    this.#gauge('sbc_dialogs_active', 'INVITE usages alive', sources.dialogs);
    this.#gauge('sbc_connections_open', 'TCP and TLS connections open', sources.connections);
    this.#gauge('sbc_relay_available', '1 while the media relay answers', () => Number(sources.relayAvailable()));
    this.#gauge('sbc_draining', '1 while no new calls are let in', () => Number(sources.draining()));
    this.#gauge('sbc_overloaded', '1 while the processor is the limit and some new calls are refused', () =>
      Number(sources.overloaded()),
    );
    this.#gauge(
      'sbc_journal_writable',
      '0 while a crash of the runtime would end the calls: its journal is not written',
      () => Number(sources.journalWritable()),
    );
    new Gauge({
      name: 'sbc_certificate_expiry_seconds',
      help: 'Seconds until a certificate expires',
      labelNames: ['certificate'],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [certificate, seconds] of sources.certificateExpirySeconds()) this.set({ certificate }, seconds);
      },
    });
  }

  messageReceived(protocol: Protocol, kind: string): void {
    this.#received.cell(protocol, KINDS.has(kind) ? kind : OTHER_KIND).count += 1;
  }

  messageSent(protocol: Protocol, kind: string): void {
    this.#sent.cell(protocol, KINDS.has(kind) ? kind : OTHER_KIND).count += 1;
  }

  refused(protocol: Protocol, reason: string): void {
    this.#refused.cell(protocol, reason).count += 1;
  }

  connectionOpened(protocol: Protocol, direction: 'accepted' | 'dialled'): void {
    this.#opened.cell(protocol, direction).count += 1;
  }

  connectionClosed(protocol: Protocol, direction: 'accepted' | 'dialled'): void {
    this.#closed.cell(protocol, direction).count += 1;
  }

  certificateRefused(reason: string): void {
    this.#certificates.cell(reason).count += 1;
  }

  retransmission(kind: string): void {
    this.#retransmissions.cell(KINDS.has(kind) ? kind : OTHER_KIND).count += 1;
  }

  callStarted(direction: string): void {
    this.#callsStarted.cell(direction).count += 1;
  }

  callEnded(direction: string, result: string, reason: string, talkedMs: number | undefined): void {
    this.#callsEnded.cell(direction, joinLabels([result, reason])).count += 1;
    if (talkedMs !== undefined) this.#callSeconds(direction, talkedMs);
  }

  callTakenOver(direction: string, goesOn: boolean): void {
    this.#callsTakenOver.cell(direction, goesOn ? 'goes-on' : 'ended').count += 1;
  }

  callRang(direction: string, afterMs: number): void {
    this.#ringSeconds(direction, afterMs);
  }

  relayRequest(verb: string, outcome: 'ok' | 'error' | 'timeout', tookMs: number): void {
    this.#relayRequests.cell(verb, outcome).count += 1;
    this.#relaySeconds(verb, tookMs);
  }

  optionsAnswered(trunk: string, host: string, status: number): void {
    this.#options.cell(trunk, joinLabels([host, String(status)])).count += 1;
  }

  documentLoaded(accepted: boolean): void {
    this.#documents.cell(String(accepted)).count += 1;
  }

  #counter(name: string, help: string, labels: readonly [string, ...string[]]): CounterTable {
    return new CounterTable(this.#registry, { name, help, labels });
  }

  /** Takes milliseconds; the label's children are bound when first seen. Its values come from closed lists of ours. */
  #histogram(
    name: string,
    help: string,
    labels: readonly [string],
    buckets: number[],
  ): (label: string, ms: number) => void {
    const histogram = new Histogram({ name, help, labelNames: labels, buckets, registers: [this.#registry] });
    const children = new Map<string, { observe(seconds: number): void }>();
    return (label, ms) => {
      let child = children.get(label);
      if (child === undefined) {
        child = histogram.labels(label);
        children.set(label, child);
      }
      child.observe(ms / 1000);
    };
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }
}
