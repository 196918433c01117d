/** The outcomes of all instances, and who wants to know that his has changed. */
import type { RuntimeReport } from '@teams-sbc/crds/runtime';
import type { PodView } from '../status/pod-view.ts';
import type { InstanceOutcome } from './instance-outcome.ts';
import { memberSignature, sharedSignature } from './instance-outcome.ts';
import { trunksOf } from './pod-facts.ts';

interface Published {
  readonly outcome: InstanceOutcome;
  /** By `Kind/name`. */
  readonly signatures: ReadonlyMap<string, string>;
}

export class Outcomes {
  readonly #published = new Map<string, Published>();
  readonly #changed: (instance: string, members: readonly string[]) => void;

  /** @param changed hears of members (`Kind/name`) whose status may be another one now */
  constructor(changed: (instance: string, members: readonly string[]) => void) {
    this.#changed = changed;
  }

  /** @param instance `namespace/name` */
  of(instance: string): InstanceOutcome | undefined {
    return this.#published.get(instance)?.outcome;
  }

  publish(instance: string, outcome: InstanceOutcome): void {
    const before = this.#published.get(instance)?.signatures;
    const shared = sharedSignature(outcome);
    const signatures = new Map(
      [...outcome.seen.keys()].map((member) => [member, memberSignature(outcome, member, shared)]),
    );
    this.#published.set(instance, { outcome, signatures });
    const changed = [...signatures].flatMap(([member, text]) => (before?.get(member) === text ? [] : [member]));
    if (changed.length > 0) this.#changed(instance, changed);
  }

  /** What a pod says of its far ends since, which the instance itself need not be looked at for; nobody is told. */
  reported(instance: string, pod: { readonly name: string; readonly uid: string }, report: RuntimeReport): void {
    const published = this.#published.get(instance);
    if (published === undefined) return;
    const { outcome, signatures } = published;
    const isIt = ({ name, uid }: PodView) => name === pod.name && uid === pod.uid;
    const pods = outcome.pods.map((view) => (isIt(view) ? { ...view, trunks: trunksOf(report) } : view));
    this.#published.set(instance, { outcome: { ...outcome, pods }, signatures });
  }

  forget(instance: string): void {
    this.#published.delete(instance);
  }
}
