/** The outcomes of all instances, and who wants to know that his has changed. */
import type { InstanceOutcome } from './instance-outcome.ts';
import { memberSignature, sharedSignature } from './instance-outcome.ts';

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

  forget(instance: string): void {
    this.#published.delete(instance);
  }
}
