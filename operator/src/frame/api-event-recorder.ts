/** Writes Kubernetes events. Never fails and never waits: what it cannot keep up with, it drops. */
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { microTime } from '../lead/lease.ts';
import type { EventRecorder, ObjectEvent } from './controller.ts';
import { EventSeriesTable } from './event-series.ts';
import type { EventSeries, SeriesLimits } from './event-series.ts';
import type { OperatorMetrics } from './operator-metrics.ts';

export interface EventRecorderParams {
  readonly client: Pick<KubeClient, 'apply'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<OperatorMetrics, 'recorded'>;
  /** The pod. */
  readonly instance: string;
  readonly limits?: SeriesLimits | undefined;
}

const controllerName = 'teams-sbc.dev/operator';
const fieldManager = 'teams-sbc-operator';
const maxPending = 1_000;
/** Events stand behind everything else that is written: one at a time. */
const pauseMs = 20;
const seriesPeriodMs = 60_000;
/** Limits of the API server. */
const maxNote = 1_024;

export class ApiEventRecorder implements EventRecorder {
  readonly #params: EventRecorderParams;
  readonly #table: EventSeriesTable;
  readonly #pending: KubeObject[] = [];
  #isWriting = false;
  #timer: Timer | undefined;
  #lastComplaint = '';
  #isStopped = false;

  constructor(params: EventRecorderParams) {
    this.#params = params;
    this.#table = new EventSeriesTable(params.limits);
  }

  start(): void {
    this.#timer = this.#params.clock.after(seriesPeriodMs, () => {
      for (const series of this.#table.due(this.#params.clock.nowMs())) this.#enqueue(series);
      this.start();
    });
  }

  /** Drops what is pending. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#pending.length = 0;
  }

  record(about: KubeObject, event: ObjectEvent): void {
    if (this.#isStopped) return;
    const { clock, metrics } = this.#params;
    const outcome = this.#table.record(about, event, { nowMs: clock.nowMs(), wallMs: clock.wallMs() });
    if (typeof outcome === 'string') metrics.recorded(outcome);
    else this.#enqueue(outcome);
  }

  #enqueue(series: EventSeries): void {
    if (this.#pending.length >= maxPending) {
      this.#params.metrics.recorded('dropped');
      return;
    }
    this.#pending.push(eventObject(series, this.#params.instance));
    if (!this.#isWriting) void this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    const { clock, metrics } = this.#params;
    this.#isWriting = true;
    for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) {
      metrics.recorded((await this.#write(event)) ? 'written' : 'failed');
      await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    }
    this.#isWriting = false;
  }

  async #write(event: KubeObject): Promise<boolean> {
    try {
      await this.#params.client.apply(event, { fieldManager });
      this.#lastComplaint = '';
      return true;
    } catch (error) {
      // Nobody will read it there.
      if (error instanceof ApiError && error.isNamespaceGone) return false;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#lastComplaint) this.#params.log.warn('Cannot write an event', { error: message });
      this.#lastComplaint = message;
      return false;
    }
  }
}

/**
 * core/v1, because events.k8s.io/v1 refuses `lastTimestamp` and `count`, by which people sort and filter.
 * The same series has the same name, so writing it again with its count changes that event.
 */
function eventObject({ about, event, firstWallMs, lastWallMs, count }: EventSeries, instance: string): KubeObject {
  const { apiVersion, kind, metadata } = about;
  const { namespace = 'default', name, uid, resourceVersion } = metadata;
  const identity = [kind, namespace, name, uid, event.type, event.reason, event.action, event.message, firstWallMs];
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
  const series = { count, lastObservedTime: microTime(lastWallMs) };
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: `${name.slice(0, 230)}.${digest}` },
    eventTime: microTime(firstWallMs),
    firstTimestamp: seconds(firstWallMs),
    lastTimestamp: seconds(lastWallMs),
    count,
    reportingComponent: controllerName,
    reportingInstance: instance.slice(0, 128),
    action: event.action ?? 'Reconcile',
    reason: event.reason,
    type: event.type,
    message: shortened(event.message),
    involvedObject: {
      apiVersion,
      kind,
      namespace,
      name,
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    ...(count > 1 && { series }),
  };
}

const seconds = (wallMs: number): string => new Date(wallMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** The limit counts octets. */
function shortened(note: string): string {
  const octets = Buffer.from(note);
  return octets.length <= maxNote ? note : `${octets.toString('utf8', 0, maxNote - 8).replace(/\uFFFD+$/, '')}…`;
}
