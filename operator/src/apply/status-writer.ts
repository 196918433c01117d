/** Writes statuses: only where they mean something else than what stands there. */
import type { Condition } from '@teams-sbc/crds';
import type { Clock } from '../kernel/clock.ts';
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { sameMeaning } from '../status/same-meaning.ts';
import type { Outcomes } from '../status/upsert-conditions.ts';
import { upsertConditions } from '../status/upsert-conditions.ts';

const statusFieldManager = 'teams-sbc-operator-status';

export interface NewStatus {
  readonly conditions: Outcomes;
  /** The other fields of the status, without undefined ones. */
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Written {
  readonly uid: string | undefined;
  /** What the cache held when it was written: until it holds something newer, `status` is what stands there. */
  readonly cachedVersion: string | undefined;
  readonly status: unknown;
}

interface StatusWriterPorts {
  readonly kube: Pick<KubeClient, 'apply'>;
  readonly clock: Clock;
}

export class StatusWriter {
  readonly #ports: StatusWriterPorts;
  readonly #written = new Map<string, Written>();

  constructor(ports: StatusWriterPorts) {
    this.#ports = ports;
  }

  /** @param object as the cache has it @returns whether it had to be written */
  async write(object: KubeObject, wanted: NewStatus): Promise<boolean> {
    const current = this.currentOf(object);
    const generation = object.metadata.generation;
    const conditions = upsertConditions(
      conditionsOf(current),
      wanted.conditions,
      generation,
      this.#ports.clock.wallMs(),
    );
    const status = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...wanted.fields,
      conditions,
    };
    if (sameMeaning(current, status)) return false;
    const { apiVersion, kind, metadata } = object;
    const { name, namespace, uid } = metadata;
    try {
      await this.#ports.kube.apply(
        // With the uid, so that a namesake which came after it is not taken for it.
        { apiVersion, kind, metadata: { name, namespace, uid }, status },
        { fieldManager: statusFieldManager, force: true, subresource: 'status' },
      );
    } catch (error) {
      // Gone meanwhile, or another of that name: its own event comes.
      if (error instanceof ApiError && (error.code === 404 || (error.code === 409 && isUidConflict(error))))
        return false;
      throw error;
    }
    this.#written.set(memoryKey(object), { uid, cachedVersion: metadata.resourceVersion, status });
    return true;
  }

  /** What stands at the API server, as far as we know. */
  currentOf(object: KubeObject): unknown {
    const written = this.#written.get(memoryKey(object));
    if (written === undefined) return object.status;
    if (written.uid === object.metadata.uid && written.cachedVersion === object.metadata.resourceVersion)
      return written.status;
    this.#written.delete(memoryKey(object));
    return object.status;
  }

  forget(kind: string, namespace: string, name: string): void {
    this.#written.delete(`${kind} ${namespace}/${name}`);
  }
}

const memoryKey = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

const isUidConflict = ({ message }: ApiError) => /uid/i.test(message);

function conditionsOf(status: unknown): readonly Condition[] | undefined {
  if (typeof status !== 'object' || status === null) return undefined;
  const { conditions } = status as { readonly conditions?: unknown };
  return Array.isArray(conditions) ? (conditions as readonly Condition[]) : undefined;
}
