/**
 * The Secrets and ConfigMaps that manifests name, read one by one. The operator may `get` Secrets, never list or watch them:
 * so it asks for each again, missing ones every two seconds, others every half minute where no other period is set, and never
 * more than ten a second.
 * What a runtime does with them does not wait for that: it watches its own.
 */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';
import type { Referenced, ReferencePlace } from './referenced.ts';
import { placeText, referenced } from './referenced.ts';

export interface ReferenceCachePorts {
  readonly kube: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Between two looks at what is there. Default 30 s. */
  readonly recheckMs?: number | undefined;
  /** Something that `user` uses has changed, appeared or gone. */
  readonly changed: (user: string) => void;
}

interface Entry {
  readonly place: ReferencePlace;
  readonly users: Set<string>;
  known: Referenced | undefined;
  readMs: number;
}

const TICK_MS = 1000;
const RECHECK_MS = 30_000;
const RECHECK_MISSING_MS = 2000;
const MAX_A_TICK = 10;
/** At a time, when an instance is looked at for the first time. */
const AT_ONCE = 16;

export class ReferenceCache {
  readonly #ports: ReferenceCachePorts;
  readonly #entries = new Map<string, Entry>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(ports: ReferenceCachePorts) {
    this.#ports = ports;
  }

  /**
   * Reads what is not known yet, and from now on watches over these places for `user` and over no others.
   * Rejects where the API server does not answer or refuses.
   *
   * @returns by `placeText`; undefined: it is not there
   */
  async use(user: string, places: readonly ReferencePlace[]): Promise<ReadonlyMap<string, Referenced | undefined>> {
    const wanted = new Map(places.map((place) => [placeText(place), place]));
    // Before anything is waited for: what another user lets go of meanwhile stays.
    for (const key of wanted.keys()) this.#entries.get(key)?.users.add(user);
    const unknown = [...wanted].filter(([key]) => !this.#entries.has(key));
    for (let at = 0; at < unknown.length; at += AT_ONCE) {
      await Promise.all(unknown.slice(at, at + AT_ONCE).map(([key, place]) => this.#learn(key, place, user)));
    }
    for (const [key, { users }] of this.#entries)
      if (!wanted.has(key) && users.delete(user) && users.size === 0) this.#entries.delete(key);
    this.#schedule();
    return new Map([...wanted.keys()].map((key) => [key, this.#entries.get(key)?.known]));
  }

  forget(user: string): void {
    for (const [key, entry] of this.#entries)
      if (entry.users.delete(user) && entry.users.size === 0) this.#entries.delete(key);
  }

  /** What was just written: the next `use` need not read it. */
  put(place: ReferencePlace, object: KubeObject): void {
    const key = placeText(place);
    const users = this.#entries.get(key)?.users ?? new Set();
    this.#entries.set(key, { place, users, known: referenced(object), readMs: this.#ports.clock.nowMs() });
  }

  /** Reads it now where it is known, and tells all who use it where it is another one. Never rejects. */
  async reread(place: ReferencePlace): Promise<void> {
    const entry = this.#entries.get(placeText(place));
    if (entry !== undefined) await this.#recheckOne(entry);
  }

  get size(): number {
    return this.#entries.size;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#entries.clear();
  }

  async #learn(key: string, place: ReferencePlace, user: string): Promise<void> {
    const known = await this.#read(place);
    const entry = this.#entries.get(key);
    // Another user has learned it meanwhile, and goes on to be told.
    if (entry !== undefined) entry.users.add(user);
    else this.#entries.set(key, { place, users: new Set([user]), known, readMs: this.#ports.clock.nowMs() });
  }

  async #read({ kind, namespace, name }: ReferencePlace): Promise<Referenced | undefined> {
    const resource = kind === 'Secret' ? resources.secrets : resources.configMaps;
    const object = await this.#ports.kube.get(resource, { namespace, name });
    return object === undefined ? undefined : referenced(object);
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#entries.size === 0) return;
    this.#timer = this.#ports.clock.after(TICK_MS, () => void this.#recheck());
  }

  /** Never rejects. */
  async #recheck(): Promise<void> {
    const { clock, recheckMs = RECHECK_MS } = this.#ports;
    const nowMs = clock.nowMs();
    const due = [...this.#entries.values()]
      .filter(
        ({ known, readMs }) =>
          nowMs - readMs >= (known === undefined ? Math.min(RECHECK_MISSING_MS, recheckMs) : recheckMs),
      )
      .toSorted((a, b) => a.readMs - b.readMs)
      .slice(0, MAX_A_TICK);
    for (const entry of due) await this.#recheckOne(entry);
    this.#timer = undefined;
    this.#schedule();
  }

  async #recheckOne(entry: Entry): Promise<void> {
    const { place, known: before } = entry;
    entry.readMs = this.#ports.clock.nowMs();
    try {
      const after = await this.#read(place);
      if (this.#entries.get(placeText(place)) !== entry || isSame(before, after)) return;
      entry.known = after;
      for (const user of entry.users) this.#ports.changed(user);
    } catch (error) {
      this.#ports.log.debug('A reference could not be looked at again', {
        reference: placeText(place),
        error: String(error),
      });
    }
  }
}

function isSame(before: Referenced | undefined, after: Referenced | undefined): boolean {
  return before?.uid === after?.uid && before?.resourceVersion === after?.resourceVersion;
}
