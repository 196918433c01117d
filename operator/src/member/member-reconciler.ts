/** Writes the status of what belongs to an instance: told from the instance's last outcome, by one controller a kind. */
import type { StatusWriter } from '../apply/status-writer.ts';
import type { Key, Reconciler, ReconcileResult } from '../frame/controller.ts';
import { formatKey } from '../frame/controller.ts';
import type { Clock } from '../kernel/clock.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { InstanceOutcome } from '../observe/instance-outcome.ts';
import { withFormer } from './member-facts.ts';
import type { Manifest, ManifestReader } from '../observe/manifest-reader.ts';
import type { Outcomes } from '../observe/outcomes.ts';
import { sbcRefOf } from '../observe/stores.ts';
import type { LeftAlone, MemberKind } from '../status/member.ts';
import { invalidOutcomes, orphanOutcomes } from '../status/member.ts';
import type { Outcomes as Conditions } from '../status/upsert-conditions.ts';
import { memberName, versionOf } from '../observe/gather-members.ts';
import type { Store } from '../watch/store.ts';

export interface MemberStatus {
  readonly conditions: Conditions;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly isOnItsWay: boolean;
  /** What it says becomes another without an event after this long. */
  readonly lookAgainMs?: number;
}

type Valid<Of extends MemberKind> = Extract<Manifest<Of>, { ok: true }>['object'];

/** What differs between the kinds. */
export interface MemberStatuses<Of extends MemberKind> {
  readonly kind: Of;
  statusOf(
    object: Valid<Of>,
    outcome: InstanceOutcome,
    now: { readonly nowMs: number; readonly wallMs: number },
  ): MemberStatus;
  /** Of one that no instance looks at. */
  leftAlone(outcomes: LeftAlone): Conditions;
}

export interface MemberPorts {
  readonly members: Store;
  readonly instances: Store;
  readonly reader: ManifestReader;
  readonly outcomes: Outcomes;
  readonly statuses: StatusWriter;
  readonly clock: Clock;
}

/** Pods take up a change within a second: until then one write is worth waiting for. */
const PATIENCE_MS = 2000;
/** Being late turns into something worth a look. */
const LOOK_AGAIN_MS = 5000;

export class MemberReconciler<Of extends MemberKind> implements Reconciler {
  readonly #ports: MemberPorts;
  readonly #statuses: MemberStatuses<Of>;
  /** By key: which version the pods are about to take up, and since when. */
  readonly #onTheirWay = new Map<string, { readonly version: string; readonly sinceMs: number }>();

  constructor(statuses: MemberStatuses<Of>, ports: MemberPorts) {
    this.#statuses = statuses;
    this.#ports = ports;
  }

  async reconcile(key: Key): Promise<ReconcileResult | undefined> {
    const { members, instances, statuses } = this.#ports;
    const object = members.get(key.namespace, key.name);
    if (object === undefined) {
      this.#onTheirWay.delete(formatKey(key));
      statuses.forget(this.#statuses.kind, key.namespace, key.name);
      return undefined;
    }
    const instance = sbcRefOf(object);
    if (object.metadata.deletionTimestamp !== undefined || instance === undefined) return undefined;
    const sbc = instance.slice(instance.indexOf('/') + 1);
    if (instances.get(key.namespace, sbc) === undefined) {
      const conditions = this.#statuses.leftAlone(orphanOutcomes(sbc, key.namespace));
      await statuses.write(object, { conditions, fields: {} });
      return undefined;
    }
    return this.#tell(key, object, instance);
  }

  async #tell(key: Key, object: KubeObject, instance: string): Promise<ReconcileResult | undefined> {
    const { outcomes, clock, reader, statuses } = this.#ports;
    const { kind } = this.#statuses;
    const outcome = outcomes.of(instance);
    const version = versionOf(object);
    // The instance is about to be looked at; whatever it finds out comes here again.
    if (outcome?.seen.get(memberName(kind, key.name)) !== version) return undefined;
    const manifest: Manifest<Of> = reader.read(kind, object);
    if (!manifest.ok) {
      const former = outcome.former.get(memberName(kind, key.name));
      const conditions = this.#statuses.leftAlone(invalidOutcomes(withFormer(manifest.fault, former)));
      await statuses.write(object, { conditions, fields: {} });
      return undefined;
    }
    const nowMs = clock.nowMs();
    const status = this.#statuses.statusOf(manifest.object, outcome, { nowMs, wallMs: clock.wallMs() });
    const waitMs = this.#waitMs(formatKey(key), status.isOnItsWay, version, nowMs);
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    await statuses.write(object, status);
    if (status.isOnItsWay) return { requeueAfterMs: LOOK_AGAIN_MS };
    return status.lookAgainMs === undefined ? undefined : { requeueAfterMs: status.lookAgainMs };
  }

  /** How long a better status may still be waited for. */
  #waitMs(key: string, isOnItsWay: boolean, version: string, nowMs: number): number {
    if (!isOnItsWay) {
      this.#onTheirWay.delete(key);
      return 0;
    }
    let waiting = this.#onTheirWay.get(key);
    if (waiting?.version !== version) this.#onTheirWay.set(key, (waiting = { version, sinceMs: nowMs }));
    return waiting.sinceMs + PATIENCE_MS - nowMs;
  }
}
