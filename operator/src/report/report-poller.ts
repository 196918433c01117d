/** Asks the pods of all instances what they run and how their far ends are; a pod that does not answer is unknown, no more. */
import { maxReportLength, maxSummaryLength, parseRuntimeReport, parseRuntimeSummary } from '@teams-sbc/crds/runtime';
import type { RuntimeReport, RuntimeSummary } from '@teams-sbc/crds/runtime';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { PodAnswer, PodToPoll } from './polled-pod.ts';
import type { NextPoll } from './poll-schedule.ts';
import { nextPoll } from './poll-schedule.ts';
import type { PodCredentials, StatusAsking } from './status-client.ts';
import { NotOurs } from './status-client.ts';

export interface PolledInstance {
  readonly pods: readonly PodToPoll[];
  readonly credentials: PodCredentials;
  /** The document that they should run. */
  readonly wanted: string | undefined;
}

export interface ReportChange {
  /** As it was given to `follow`. */
  readonly instance: string;
  readonly pod: string;
  readonly before: PodAnswer;
  readonly after: PodAnswer;
}

export interface ReportPollerPorts {
  readonly asking: StatusAsking;
  readonly clock: Clock;
  readonly log: Log;
  /** Between two whole reports of a pod. Default 10 s. */
  readonly reportMs?: number | undefined;
  /** After every answer and every missing one that differs in kind from what was known. */
  readonly changed: (change: ReportChange) => void;
}

interface Polled {
  pod: PodToPoll;
  answer: PodAnswer;
  wantedSinceMs: number;
  reportAskedMs: number | undefined;
  askedMs: number | undefined;
  failures: number;
  timer: Timer | undefined;
  isAsking: boolean;
}

interface Followed {
  credentials: PodCredentials;
  wanted: string | undefined;
  readonly pods: Map<string, Polled>;
}

const nothingKnown: ReadonlyMap<string, PodAnswer> = new Map();

export class ReportPoller {
  readonly #ports: ReportPollerPorts;
  readonly #instances = new Map<string, Followed>();
  #isClosed = false;

  constructor(ports: ReportPollerPorts) {
    this.#ports = ports;
  }

  /** From now on these pods are asked, and no others of the instance. Cheap where nothing changed. */
  follow(instance: string, { pods, credentials, wanted }: PolledInstance): void {
    if (this.#isClosed) return;
    const nowMs = this.#ports.clock.nowMs();
    const followed = this.#instances.get(instance) ?? { credentials, wanted, pods: new Map<string, Polled>() };
    this.#instances.set(instance, followed);
    const isNewWish = followed.wanted !== wanted;
    followed.credentials = credentials;
    followed.wanted = wanted;
    const names = new Set(pods.map(({ name }) => name));
    for (const [name, polled] of followed.pods) if (!names.has(name)) dismiss(followed, name, polled);
    for (const pod of pods) {
      const known = followed.pods.get(pod.name);
      if (known === undefined || known.pod.uid !== pod.uid) {
        if (known !== undefined) dismiss(followed, pod.name, known);
        followed.pods.set(pod.name, newlyPolled(pod, nowMs));
      } else {
        const isNewlyGoing = pod.isGoing === true && known.pod.isGoing !== true;
        known.pod = pod;
        if (isNewWish) known.wantedSinceMs = nowMs;
        if (!isNewWish && !isNewlyGoing) continue;
      }
      this.#schedule(instance, followed, pod.name);
    }
  }

  forget(instance: string): void {
    const followed = this.#instances.get(instance);
    if (followed === undefined) return;
    for (const [name, polled] of followed.pods) dismiss(followed, name, polled);
    this.#instances.delete(instance);
  }

  /** By the name of the pod. */
  answersOf(instance: string): ReadonlyMap<string, PodAnswer> {
    const followed = this.#instances.get(instance);
    if (followed === undefined) return nothingKnown;
    return new Map([...followed.pods].map(([name, { answer }]) => [name, answer]));
  }

  close(): void {
    this.#isClosed = true;
    for (const instance of [...this.#instances.keys()]) this.forget(instance);
    this.#ports.asking.close();
  }

  #schedule(instance: string, followed: Followed, name: string): void {
    const polled = followed.pods.get(name);
    if (polled === undefined || polled.isAsking || this.#isClosed) return;
    polled.timer?.cancel();
    const { clock, reportMs } = this.#ports;
    const { hash, draining: isDraining } = polled.answer.summary ?? {};
    const { isGoing } = polled.pod;
    const state = { ...polled, wanted: followed.wanted, hash, isDraining, isGoing, reportMs };
    const next = nextPoll(state, polled.askedMs, clock.nowMs());
    polled.timer = clock.after(next.inMs, () => void this.#ask(instance, followed, polled, next));
  }

  /** Never rejects. */
  async #ask(instance: string, followed: Followed, polled: Polled, { what }: NextPoll): Promise<void> {
    polled.isAsking = true;
    polled.timer = undefined;
    polled.askedMs = this.#ports.clock.nowMs();
    if (what === 'Report') polled.reportAskedMs = polled.askedMs;
    const before = polled.answer;
    const after = await this.#answer(followed, polled, what);
    polled.isAsking = false;
    // Dismissed meanwhile: another pod of that name, or none.
    if (followed.pods.get(polled.pod.name) !== polled) return;
    polled.failures = after.failure === undefined ? 0 : polled.failures + 1;
    polled.answer = after;
    this.#tell({ instance, pod: polled.pod.name, before, after });
    this.#schedule(instance, followed, polled.pod.name);
  }

  async #answer(followed: Followed, { pod, answer }: Polled, what: NextPoll['what']): Promise<PodAnswer> {
    const { address, port } = pod;
    const isWhole = what === 'Report';
    const path = isWhole ? '/status' : '/status/summary';
    try {
      const question = { address, port, path, maxLength: isWhole ? maxReportLength : maxSummaryLength } as const;
      const text = await this.#ports.asking.ask(question, followed.credentials);
      const { summary, report } = isWhole ? readReport(text) : { summary: readSummary(text), report: answer.report };
      if (summary.pod !== pod.name) throw new Error(`it says that it is ${summary.pod}`);
      return { uid: pod.uid, summary, lastSummary: summary, report, failure: undefined };
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      const { lastSummary, report } = answer;
      const isStranger = error instanceof NotOurs;
      return { uid: pod.uid, summary: undefined, lastSummary, report, failure, isStranger };
    }
  }

  #tell(change: ReportChange): void {
    const { log, changed } = this.#ports;
    const { instance, pod, before, after } = change;
    if (after.failure !== undefined && before.failure === undefined)
      log.debug('A pod does not say how it is', { instance, pod, reason: after.failure });
    try {
      changed(change);
    } catch (error) {
      log.error('What a pod said could not be used', { instance, pod, error: String(error) });
    }
  }
}

function newlyPolled(pod: PodToPoll, nowMs: number): Polled {
  return {
    pod,
    answer: { uid: pod.uid, summary: undefined, report: undefined, failure: undefined },
    wantedSinceMs: nowMs,
    reportAskedMs: undefined,
    askedMs: undefined,
    failures: 0,
    timer: undefined,
    isAsking: false,
  };
}

function dismiss(followed: Followed, name: string, polled: Polled): void {
  polled.timer?.cancel();
  followed.pods.delete(name);
}

function readReport(text: string): { summary: RuntimeSummary; report: RuntimeReport } {
  const parsed = parseRuntimeReport(text);
  if (!parsed.ok) throw new Error(`its report cannot be read: ${parsed.problems[0]?.message ?? ''}`);
  return { summary: parsed.report, report: parsed.report };
}

function readSummary(text: string): RuntimeSummary {
  const parsed = parseRuntimeSummary(text);
  if (!parsed.ok) throw new Error(`its summary cannot be read: ${parsed.problems[0]?.message ?? ''}`);
  return parsed.summary;
}
