/** One Application of Argo CD, and every state that it was in. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Said, WatchEvent } from '../../cluster/kit/api-client.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { until } from '../../cluster/kit/until.ts';
import { WatchHistory } from '../../cluster/kit/watch-history.ts';
import { ARGOCD_NAMESPACE } from './argocd-controllers.ts';

const LIST = `/apis/argoproj.io/v1alpha1/namespaces/${ARGOCD_NAMESPACE}/applications`;
const REFRESH = 'argocd.argoproj.io/refresh';
const REFRESHED_MS = 30_000;

export interface ApplicationState {
  /** `Synced`, `OutOfSync`, `Unknown`. */
  readonly sync: string;
  readonly revision: string;
  readonly health: string;
  /** Of its last operation: `Running`, `Succeeded`, `Failed`, `Error`; empty: there was none. */
  readonly phase: string;
  readonly operation: { readonly startedAt: string; readonly message: string; readonly revision: string };
  /** `<type>: <message>` */
  readonly conditions: readonly string[];
  /** `<kind> <name>` to its health: `<status>: <message>`. */
  readonly resources: Readonly<Record<string, string>>;
  /** What the last operation said of each: `<kind> <name>: <message>`. */
  readonly results: readonly string[];
}

export class FollowedApplication {
  readonly #controlPlane: ControlPlane;
  readonly #history: WatchHistory;
  readonly #name: string;
  #syncs = 0;

  private constructor(controlPlane: ControlPlane, history: WatchHistory, name: string) {
    this.#controlPlane = controlPlane;
    this.#history = history;
    this.#name = name;
  }

  static async create(controlPlane: ControlPlane, manifest: Said): Promise<FollowedApplication> {
    const history = await WatchHistory.start(controlPlane.api, LIST);
    const application = new FollowedApplication(controlPlane, history, manifest.metadata.name as string);
    controlPlane.endsWith(async () => {
      await history.stop();
      application.#keep();
    });
    await controlPlane.apply([manifest]);
    return application;
  }

  /** All until now, the newest last. */
  get states(): ApplicationState[] {
    return this.#history.events.map(stateOf);
  }

  get state(): ApplicationState {
    const last = this.#history.events.at(-1);
    if (last === undefined) throw new Error(`Cannot say how ${this.#name} is: nothing was heard of it yet`);
    return stateOf(last);
  }

  /** Syncs that were begun, from the first on; those that were tried again count once. */
  get operations(): string[] {
    return [...new Set(this.states.map(({ operation }) => operation.startedAt))].filter((each) => each !== '');
  }

  /** Has Git looked at, as a webhook does; resolves when Argo CD has compared and said what it found. */
  async refresh(how: 'normal' | 'hard' = 'normal'): Promise<void> {
    const asked = Number((await this.#patch({ metadata: { annotations: { [REFRESH]: how } } })).resourceVersion);
    // It takes the annotation away with what it says.
    const isDone = ({ object: { metadata } }: WatchEvent) =>
      Number(metadata.resourceVersion) > asked && metadata.annotations?.[REFRESH] === undefined;
    await this.#history.find(isDone, `${this.#name} to be refreshed`, REFRESHED_MS);
  }

  /** As `argocd app terminate-op` and `argocd app sync` do it: whatever runs is ended, and then all of it is synced. */
  async sync(): Promise<void> {
    const username = `somebody-${String(++this.#syncs)}`;
    const begin = async () => {
      const { body } = await this.#controlPlane.api.get(`${LIST}/${this.#name}`);
      const { metadata, spec, status, operation } = body;
      const { phase, operation: begun } = status.operationState ?? {};
      if (begun?.initiatedBy?.username === username) return true;
      // The controller may not have seen the end of what ran when it sees this one: then it goes on with that.
      if (phase === 'Running') await this.#patch({ status: { operationState: { phase: 'Terminating' } } });
      if (operation !== undefined || phase === 'Running') return false;
      const { syncOptions, retry } = spec.syncPolicy;
      const sync = { revision: status.sync.revision, syncOptions };
      // Self-heal may begin one at this moment: a merge with that would be neither.
      const { resourceVersion } = metadata;
      await this.#patch({ metadata: { resourceVersion }, operation: { initiatedBy: { username }, sync, retry } });
      return false;
    };
    await until(begin, { what: `a sync of ${this.#name} to begin`, withinMs: 60_000, everyMs: 200 });
  }

  /** Resolves when its newest state is like that. */
  async becomes(
    what: string,
    isWanted: (state: ApplicationState) => boolean,
    withinMs = 60_000,
  ): Promise<ApplicationState> {
    const ask = () => (isWanted(this.state) ? this.state : undefined);
    return until(ask, { what, withinMs, everyMs: 20 }).catch((error: unknown) => {
      throw new Error(`${this.#name} is not ${what} in ${withinMs} ms; it is ${JSON.stringify(this.state)}`, {
        cause: error,
      });
    });
  }

  /** That revision is in the cluster, its operation is over, and all of it is healthy. */
  isWell(revision: string, withinMs?: number): Promise<ApplicationState> {
    const isWell = ({ sync, health, phase, ...state }: ApplicationState) =>
      sync === 'Synced' && health === 'Healthy' && phase === 'Succeeded' && state.revision === revision;
    return this.becomes('Synced and Healthy', isWell, withinMs);
  }

  /** @returns its metadata after it */
  async #patch(body: unknown): Promise<Said> {
    const contentType = 'application/merge-patch+json';
    const answer = await this.#controlPlane.api.send('PATCH', `${LIST}/${this.#name}`, { body, contentType });
    if (answer.status !== 200) throw new Error(`Cannot patch ${this.#name}: ${answer.status} ${answer.body.message}`);
    return answer.body.metadata;
  }

  /** For whoever looks for the cause of a failure. */
  #keep(): void {
    const lines = this.states.map((state) => JSON.stringify(state));
    writeFileSync(join(this.#controlPlane.logs, `application-${this.#name}.jsonl`), lines.join('\n'));
  }
}

function stateOf({ object }: WatchEvent): ApplicationState {
  const { sync, health, operationState, conditions, resources } = object.status ?? {};
  return {
    sync: sync?.status ?? '',
    revision: sync?.revision ?? '',
    health: health?.status ?? '',
    phase: operationState?.phase ?? '',
    operation: {
      startedAt: operationState?.startedAt ?? '',
      message: operationState?.message ?? '',
      revision: operationState?.operation?.sync?.revision ?? '',
    },
    conditions: ((conditions ?? []) as Said[]).map(({ type, message }) => `${type}: ${message}`),
    resources: Object.fromEntries(
      ((resources ?? []) as Said[]).map(({ kind, name, health: its }) => [
        `${kind} ${name}`,
        its === undefined ? '' : `${its.status}: ${its.message ?? ''}`,
      ]),
    ),
    results: ((operationState?.syncResult?.resources ?? []) as Said[]).map(
      ({ kind, name, message }) => `${kind} ${name}: ${message}`,
    ),
  };
}
