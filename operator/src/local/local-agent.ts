/** Runs what a directory says, and follows it: the part of kubelet and operator for one machine. */
import type { Clock } from '../kernel/clock.ts';
import { refText } from '../compile/problem.ts';
import { kubeletBackOff } from './back-off.ts';
import { judgedCertificates, referenceProblems } from './check-references.ts';
import { hostPorts } from './host-ports.ts';
import { LocalError } from './local-error.ts';
import type { LocalEvent } from './local-event.ts';
import type { LocalProblem } from './local-problem.ts';
import { problemText } from './local-problem.ts';
import type { DirectoryPlan } from './plan-directory.ts';
import { placedProblem, planDirectory } from './plan-directory.ts';
import { PodRun } from './pod-run.ts';
import type { WantedPod } from './pod-run.ts';
import { portFaults } from './probe-ports.ts';
import { findPrograms } from './programs.ts';
import type { Machine } from './programs.ts';
import { refOf } from '../compile/problem.ts';
import { podLabel } from './run-directory.ts';
import { readManifests } from './watch-directory.ts';

export interface AgentDeps {
  readonly directory: string;
  readonly runDirectory: string;
  readonly machine: Machine;
  readonly inherited: Readonly<Record<string, string>>;
  readonly log: 'file' | 'inherit';
  readonly clock: Clock;
  readonly report: (event: LocalEvent) => void;
}

/** `problems`: nothing was started. */
export type CheckedDirectory =
  | {
      readonly ok: true;
      readonly pods: ReadonlyMap<string, WantedPod>;
      readonly needsRtpengine: boolean;
      readonly notes: readonly string[];
      /** Of certificates that serve, for now. */
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** After a second stop, and for RTPEngine. */
const shortGraceMs = 5_000;

export class LocalAgent {
  readonly #deps: AgentDeps;
  readonly #pods = new Map<string, PodRun>();
  /** Directory changes are followed one after the other. */
  #work: Promise<void> = Promise.resolve();
  #refused = '';
  #warned = '';
  #isStopping = false;

  constructor(deps: AgentDeps) {
    this.#deps = deps;
  }

  /** Everything that can be known before a process starts. */
  async check(): Promise<CheckedDirectory> {
    const { clock, directory } = this.#deps;
    const plan = planDirectory(await readManifests(directory));
    const problems: LocalProblem[] = [...plan.problems];
    if (problems.length === 0) {
      problems.push(...referenceProblems(plan.resources, plan.instances, { directory, wallMs: clock.wallMs() }));
    }
    const pods = wantedPods(plan);
    if (problems.length === 0) problems.push(...(await this.#portProblems(plan, pods)));
    if (problems.length > 0) return { ok: false, problems: problems.map(problemText) };
    const { warnings } = judgedCertificates(plan.resources, plan.instances, clock.wallMs());
    return {
      ok: true,
      pods,
      needsRtpengine: needsRtpengine(plan),
      notes: plan.notes,
      warnings: warnings.map(problemText),
    };
  }

  /** Resolves when every pod is ready, with `false` where a stop came first; where one cannot start, all are ended and it rejects. */
  async start(checked: Extract<CheckedDirectory, { ok: true }>): Promise<boolean> {
    const programs = findPrograms(this.#deps.machine, checked.needsRtpengine);
    for (const note of checked.notes) this.#deps.report({ event: 'note', message: note });
    this.#warn(checked.warnings);
    const runs = [...checked.pods].map(([label, wanted]) => this.#add(label, wanted, programs));
    const outcomes = await Promise.all(runs.map(async (run) => (await run.start(), run.firstReady)));
    const failed = outcomes.find(({ kind }) => kind === 'failed');
    if (this.#isStopping) return false;
    if (failed?.kind !== 'failed') return true;
    this.stop();
    await this.ended();
    throw new LocalError(`Cannot start: ${failed.reason}`);
  }

  /** The directory may have changed. */
  follow(): void {
    this.#work = this.#work
      .then(() => this.#follow())
      .catch((error: unknown) => this.#refuse([error instanceof Error ? error.message : String(error)]));
  }

  /** The first time drains every pod, the second ends calls now, the third kills. */
  stop(): void {
    this.#isStopping = true;
    for (const [label, pod] of this.#pods) {
      if (!pod.isStopping) this.#drain(label, pod);
      else pod.stop();
    }
  }

  async ended(): Promise<void> {
    await this.#work;
    await Promise.all([...this.#pods.values()].map((pod) => pod.ended));
  }

  async #follow(): Promise<void> {
    if (this.#isOnTheWayOut()) return;
    const checked = await this.check();
    if (this.#isOnTheWayOut()) return;
    if (!checked.ok) {
      this.#refuse(checked.problems);
      return;
    }
    if (this.#refused !== '') this.#deps.report({ event: 'note', message: 'the directory is good again' });
    this.#refused = '';
    this.#warn(checked.warnings);
    const programs = findPrograms(this.#deps.machine, checked.needsRtpengine);
    for (const [label, pod] of this.#pods) {
      const wanted = checked.pods.get(label);
      // A pod that is on its way out comes back when it has gone.
      if (pod.isStopping) continue;
      if (wanted === undefined) this.#drain(label, pod);
      else await pod.update(wanted);
    }
    for (const [label, wanted] of checked.pods) {
      if (this.#pods.has(label) || this.#isOnTheWayOut()) continue;
      this.#deps.report({ event: 'starting', pod: label });
      await this.#add(label, wanted, programs).start();
    }
  }

  /** A stop may come while we wait. */
  #isOnTheWayOut(): boolean {
    return this.#isStopping;
  }

  /** The same refusal is said once. */
  #refuse(problems: readonly string[]): void {
    const text = problems.join('\n');
    if (text === this.#refused) return;
    this.#refused = text;
    this.#deps.report({ event: 'refused', problems });
  }

  /** The same warnings are said once. */
  #warn(warnings: readonly string[]): void {
    const text = warnings.join('\n');
    if (text === this.#warned) return;
    this.#warned = text;
    for (const warning of warnings) this.#deps.report({ event: 'note', message: warning });
  }

  #add(label: string, wanted: WantedPod, programs: ReturnType<typeof findPrograms>): PodRun {
    const { clock, inherited, log, report, runDirectory } = this.#deps;
    const values = { backOff: kubeletBackOff, shortGraceMs };
    const pod = new PodRun({ label, wanted, runDirectory, programs, inherited, log, values, clock, report });
    this.#pods.set(label, pod);
    void pod.ended.then(() => {
      this.#pods.delete(label);
      report({ event: 'ended', pod: label });
      if (!this.#isStopping) this.follow();
    });
    return pod;
  }

  #drain(label: string, pod: PodRun): void {
    this.#deps.report({ event: 'draining', pod: label, timeoutSeconds: pod.drainSeconds });
    pod.stop();
  }

  /** Only of pods that do not run yet: the others hold their ports. */
  async #portProblems(plan: DirectoryPlan, pods: ReadonlyMap<string, WantedPod>): Promise<LocalProblem[]> {
    const added = [...pods].filter(([label]) => !this.#pods.has(label)).map(([, wanted]) => wanted);
    const owners = new Map<object, WantedPod>();
    const ports = added.flatMap((wanted) => {
      const all = hostPorts(wanted.instance, wanted.pod);
      for (const port of all) owners.set(port, wanted);
      return all;
    });
    return (await portFaults(ports)).flatMap(({ port, field, message }) => {
      const owner = owners.get(port);
      return owner === undefined ? [] : [placedProblem(plan.resources, refOf(owner.instance), field, message)];
    });
  }
}

function wantedPods({ instances, resources }: DirectoryPlan): ReadonlyMap<string, WantedPod> {
  const pods = new Map<string, WantedPod>();
  for (const plan of instances) {
    const instance = resources.instances.find((each) => refText(refOf(each)) === refText(plan.instance));
    if (instance === undefined) continue;
    for (const pod of plan.pods)
      pods.set(podLabel(plan.instance.namespace, pod.name), { instance, plan, pod, resources });
  }
  return pods;
}

function needsRtpengine({ instances }: DirectoryPlan): boolean {
  return instances.some(({ state }) => state.media.engine === 'RTPEngine');
}
