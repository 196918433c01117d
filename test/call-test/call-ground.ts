/** The objects of the test in the cluster: made, waited for, removed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallCertificates } from './certificates.ts';
import type { ApiAnswer, FoundObject, KubeApi } from './kube-api.ts';
import { pbxTrunkName, plannedInstance, plannedRest, teamsTrunkName, type PlannedObject } from './objects.ts';
import { hanging, isReady, podTroubles, SEEN_WITHIN_MS, whatHangs, type Watched } from './readiness.ts';
import { StepFailed } from './report.ts';
import type { Settings } from './settings.ts';

const OURS = 'teams-sbc.dev/v1alpha1';
const LOOK_MS = 500;
const GONE_WITHIN_MS = 60_000;
/** What an earlier test left is on its way out. */
const FREE_WITHIN_MS = 30_000;

const kinds = [
  { kind: 'SbcInstance', plural: 'sbcinstances', nameOf: (name: string) => name },
  { kind: 'TeamsTrunk', plural: 'teamstrunks', nameOf: teamsTrunkName },
  { kind: 'PbxTrunk', plural: 'pbxtrunks', nameOf: pbxTrunkName },
] as const;

export class CallGround {
  readonly #api: KubeApi;
  readonly #settings: Settings;
  readonly #signal: AbortSignal;
  #instance: FoundObject['metadata'] | undefined;

  constructor(api: KubeApi, settings: Settings, signal: AbortSignal) {
    this.#api = api;
    this.#settings = settings;
    this.#signal = signal;
  }

  async apply(certificates: CallCertificates): Promise<void> {
    this.#instance = (await this.#createInstance()).metadata;
    for (const object of plannedRest(this.#settings, this.#instance.uid, certificates)) await this.#create(object);
  }

  /** Resolves with the address of the SBC. @throws StepFailed with what hangs */
  async untilReady(): Promise<string> {
    const { readyMs } = this.#settings;
    const startMs = performance.now();
    const elapsedMs = () => performance.now() - startMs;
    for (;;) {
      const watched = await this.#watched();
      const address = watched[0]?.object.status?.addresses?.[0]?.address;
      if (watched.length === kinds.length && watched.every(isReady) && address !== undefined) return address;
      const hangs = whatHangs(watched, { elapsedMs: elapsedMs(), readyMs });
      if (hangs === 'Operator') throw this.#unseen(Math.min(SEEN_WITHIN_MS, readyMs));
      if (hangs === 'Sbc') throw await this.#notReady(watched);
      await this.#pause();
    }
  }

  /** Everything that this test made, and nothing else. */
  async remove(): Promise<void> {
    const made = this.#instance;
    if (made === undefined) return;
    const { status, message } = await this.#api.delete(OURS, 'sbcinstances', made);
    // 409: one of the same name that is not ours.
    if (status >= 300 && status !== 404 && status !== 409)
      throw new StepFailed(`The SbcInstance could not be deleted: ${message}`, this.#byHand());
    const endMs = performance.now() + GONE_WITHIN_MS;
    while ((await this.#uidOf('sbcinstances')) === made.uid) {
      if (performance.now() > endMs)
        throw new StepFailed(
          `The SbcInstance is still there ${GONE_WITHIN_MS / 1000} s after its deletion`,
          this.#byHand(),
        );
      // Also after an interruption: nothing is to be left.
      await sleep(LOOK_MS);
    }
  }

  async #createInstance(): Promise<FoundObject> {
    const endMs = performance.now() + FREE_WITHIN_MS;
    for (;;) {
      const answer = await this.#api.create(plannedInstance(this.#settings));
      if (answer.status !== 409) return this.#created('SbcInstance', answer);
      if (performance.now() > endMs) {
        const { name } = this.#settings;
        throw new StepFailed(`SbcInstance ${name} exists already, and this test did not make it`, this.#byHand());
      }
      await this.#pause();
    }
  }

  async #create(object: PlannedObject): Promise<void> {
    this.#created(object.kind, await this.#api.create(object));
  }

  #created(kind: string, { status, object, message }: ApiAnswer): FoundObject {
    const { namespace } = this.#settings;
    if (status < 300) return object;
    const words = `${kind} was not accepted (${status}): ${message}`;
    if (status === 403)
      throw new StepFailed(
        words,
        'Install the chart with rbac.create, or give the ServiceAccount of the test these rights',
      );
    if (status === 404)
      throw new StepFailed(
        words,
        `Install the CustomResourceDefinitions (crds.create), and see that namespace ${namespace} exists`,
      );
    if (status === 409) throw new StepFailed(words, this.#byHand());
    throw new StepFailed(
      words,
      'The CustomResourceDefinitions are of another release than this test: upgrade the chart',
    );
  }

  async #watched(): Promise<Watched[]> {
    const watched: Watched[] = [];
    for (const { kind, plural, nameOf } of kinds) {
      const name = nameOf(this.#settings.name);
      const { status, object, message } = await this.#api.get(OURS, plural, name);
      if (status === 200) watched.push({ kind, object });
      else throw new StepFailed(`${kind} ${name} cannot be read (${status}): ${message}`);
    }
    return watched;
  }

  async #uidOf(plural: string): Promise<string | undefined> {
    const { status, object, message } = await this.#api.get(OURS, plural, this.#settings.name);
    if (status === 404) return undefined;
    if (status !== 200) throw new StepFailed(`The SbcInstance cannot be read (${status}): ${message}`, this.#byHand());
    return object.metadata.uid;
  }

  #unseen(withinMs: number): StepFailed {
    const { namespace } = this.#settings;
    return new StepFailed(
      `No operator has looked at the SbcInstance in ${withinMs / 1000} s`,
      'See that the operator runs: kubectl get pods --all-namespaces --selector app.kubernetes.io/component=operator',
      `See that it serves namespace ${namespace}: watchNamespaces of the chart is empty or holds it`,
    );
  }

  async #notReady(watched: readonly Watched[]): Promise<StepFailed> {
    const { name, namespace, readyMs } = this.#settings;
    const { status, object } = await this.#api.get('v1', 'pods', `${name}-0`);
    const reasons = [...watched.flatMap(hanging), ...podTroubles(status === 200 ? object : undefined)];
    return new StepFailed(
      `The SBC is not ready after ${readyMs / 1000} s: ${reasons.join('; ') || 'no condition says why'}`,
      `While the test runs: kubectl --namespace ${namespace} describe ${status === 200 ? `pod ${name}-0` : `statefulset ${name}`}`,
    );
  }

  #byHand(): string {
    const { name, namespace } = this.#settings;
    return `kubectl --namespace ${namespace} delete sbcinstance ${name}`;
  }

  async #pause(): Promise<void> {
    await sleep(LOOK_MS, undefined, { signal: this.#signal });
  }
}
