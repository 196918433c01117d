/** A resource that the operator watches: its store, and which controllers its changes concern. */
import type { KubeObject } from '../kube/kube-object.ts';
import type { ObjectStore } from '../watch/object-store.ts';
import type { Reflector } from '../watch/reflector.ts';
import type { Indexer } from '../watch/store.ts';
import type { ControllerRunner } from './controller-runner.ts';
import { operatorEvent } from './operator-event.ts';
import type { KeysOf, OperatorEvent } from './operator-event.ts';

export interface WatchOptions {
  readonly indexes?: Readonly<Record<string, Indexer>> | undefined;
  /** Drops what nobody reads, before an object is kept. */
  readonly trim?: ((object: KubeObject) => KubeObject) | undefined;
  /** Absent: that of the operator. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Its CRD may be missing (cert-manager, Prometheus). */
  readonly optional?: boolean | undefined;
}

export class WatchedResource {
  readonly reflector: Reflector;
  readonly #onServed: ((isServed: boolean) => void)[] = [];

  constructor(reflector: Reflector) {
    this.reflector = reflector;
  }

  get store(): ObjectStore {
    return this.reflector.store;
  }

  /** Whether the API server has the resource: false where an optional CRD is not installed. */
  get isServed(): boolean {
    return this.reflector.isServed;
  }

  /** Each change adds the keys that it concerns to the controller's queue. */
  tells(controller: ControllerRunner, keysOf: KeysOf): this {
    this.onEvent((event) => {
      for (const key of keysOf(event)) controller.enqueue(key);
    });
    return this;
  }

  onEvent(listener: (event: OperatorEvent) => void): this {
    this.store.onChange((change) => listener(operatorEvent(this.reflector.resource, change)));
    return this;
  }

  /** Called when an optional CRD was installed, or removed. */
  onServed(listener: (isServed: boolean) => void): this {
    this.#onServed.push(listener);
    return this;
  }

  /** For the reflector. */
  served(isServed: boolean): void {
    for (const listener of this.#onServed) listener(isServed);
  }
}
