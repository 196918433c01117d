/**
 * The time before there is a document to serve by: a new pod may be up minutes before its certificate is issued. Alive, not
 * ready, and telling what it waits for; a process that ended instead would be started again ever more seldom.
 */
import type { RuntimeReport, RuntimeSummary } from '@teams-sbc/crds/runtime';
import type { Obstacle } from './first-document.ts';
import type { Clock, Timer } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import { HttpEndpoints } from './observability/http-endpoints.ts';
import { StatusEndpoint } from './observability/status-endpoint.ts';
import type { RuntimeOptions } from './options.ts';
import { DocumentWatch } from './settings/document-watch.ts';

export interface DocumentWaitDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** What is in the way; undefined: nothing. */
  readonly obstacle: () => Obstacle | undefined;
  readonly tellWrites: (onWritten: () => void) => void;
}

const TELL_MS = 60_000;
/** Of the report's schema. */
const MAX_PROBLEMS = 32;
const MAX_TEXT = 1024;

export class DocumentWait {
  readonly #deps: DocumentWaitDeps;
  readonly #watch: DocumentWatch;
  readonly #over = Promise.withResolvers<undefined>();
  #obstacle: Obstacle | undefined;
  #sinceWallMs = 0;
  #telling: Timer | undefined;

  constructor(deps: DocumentWaitDeps) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#watch = new DocumentWatch({ clock, log, onMayHaveChanged: () => this.#look() });
  }

  /** What was in the way when it was last looked at. */
  get obstacle(): Obstacle | undefined {
    return this.#obstacle;
  }

  /** Resolves once nothing is in the way. */
  start(): Promise<undefined> {
    this.#deps.tellWrites(() => this.#watch.mayHaveChanged());
    // Nothing but the mirror writes; dates and mounted copies are found by the poll.
    this.#watch.start([]);
    this.#look();
    return this.#over.promise;
  }

  /** For the report: the document that cannot be used yet. */
  get refusal(): RuntimeSummary['refusal'] {
    const refusal = this.#obstacle?.refusal;
    if (refusal === undefined) return undefined;
    const cut = (text: string): string => text.slice(0, MAX_TEXT);
    const problems = refusal.problems
      .slice(0, MAX_PROBLEMS)
      .map(({ path, message, found, allowed }) => ({ path: cut(path), message, found: cut(found), allowed }));
    const at = new Date(this.#sinceWallMs).toISOString();
    return { ...(refusal.hash === undefined ? {} : { hash: refusal.hash }), problems, at };
  }

  #look(): void {
    const before = this.#obstacle;
    this.#obstacle = this.#deps.obstacle();
    if (this.#obstacle === undefined) this.#end();
    else if (this.#obstacle.message !== before?.message) this.#tell();
  }

  #tell(): void {
    const { clock, log } = this.#deps;
    if (this.#telling) clock.cancel(this.#telling);
    this.#sinceWallMs = clock.wallMs();
    log.warn('Waiting, not serving yet', { why: this.#obstacle?.message });
    this.#telling = clock.after(TELL_MS, () => this.#tell());
  }

  #end(): void {
    this.#watch.close();
    if (this.#telling) this.#deps.clock.cancel(this.#telling);
    this.#over.resolve(undefined);
  }
}

export interface WaitingPodDeps extends DocumentWaitDeps {
  readonly options: Pick<RuntimeOptions, 'bindAddress' | 'httpPort' | 'podName' | 'status'>;
  readonly version: string;
}

/** Resolves once there is a document to serve by, with every port free again; throws where a port cannot be bound. */
export async function waitForDocument(deps: WaitingPodDeps): Promise<void> {
  if (deps.obstacle() === undefined) return;
  const wait = new DocumentWait(deps);
  const { clock, log, options } = deps;
  const http = new HttpEndpoints({
    ...{ address: options.bindAddress, port: options.httpPort, clock, log },
    unreadyReasons: () => [`waiting: ${wait.obstacle?.message ?? 'starting'}`],
    metrics: { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('') },
  });
  const status = options.status && statusOf(deps, options.status, wait);
  await Promise.all([http.start(), status?.start()]);
  await wait.start();
  await Promise.all([http.close(), status?.close()]);
}

function statusOf(
  { options, clock, log, version }: WaitingPodDeps,
  place: NonNullable<RuntimeOptions['status']>,
  wait: DocumentWait,
): StatusEndpoint {
  const summary = (): RuntimeSummary => {
    const { refusal } = wait;
    const waiting = { version, pod: options.podName, draining: false, calls: { active: 0 } };
    return { ...waiting, ...(refusal === undefined ? {} : { refusal }) };
  };
  const report = (): RuntimeReport => ({ ...summary(), trunks: [], certificates: [] });
  const endCalls = () => false;
  return new StatusEndpoint({ address: options.bindAddress, ...place, report, summary, endCalls, clock, log });
}
