/** Writes the children of an instance: applied where they are not what was applied last, left alone where they are. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@teams-sbc/crds/runtime';
import type { KubeClient } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { keyOf } from '../kube/kube-object.ts';
import { resourceOf } from '../kube/resource.ts';
import { refuseForeign } from './foreign-object.ts';

export const childFieldManager = 'teams-sbc-operator';

interface Applied {
  readonly desired: string;
  /** Of the live object with which nothing was to be done. */
  resourceVersion: string;
  /** Of the live object when it was applied, without what others write all the time. */
  readonly live: string;
  /** What the cache held then: until it holds something newer, it is behind us and says nothing. */
  readonly cachedVersion: string | undefined;
  readonly uid: string | undefined;
  /** As the API server answered. */
  readonly generation: number;
}

export interface Write {
  readonly object: KubeObject;
  /** What the cache has; undefined: nothing. */
  readonly live: KubeObject | undefined;
}

export type WriteOutcome =
  | 'Unchanged'
  | 'Created'
  | 'Updated'
  /** What we had applied was changed by somebody else, and is again as it should be. */
  | 'Repaired';

export class ChildWriter {
  readonly #kube: Pick<KubeClient, 'apply' | 'list'>;
  readonly #applied = new Map<string, Applied>();

  constructor({ kube }: { readonly kube: Pick<KubeClient, 'apply' | 'list'> }) {
    this.#kube = kube;
  }

  /**
   * Level-triggered: after a restart everything is applied once more, which the API server answers without a change.
   * Rejects with `ForeignObject` where somebody else's object has that name.
   */
  async write({ object, live }: Write): Promise<WriteOutcome> {
    const key = childKey(object);
    const desired = digest(object);
    const known = this.#applied.get(key);
    const isSameWish = known?.desired === desired;
    const there = live ?? (await this.#find(object));
    if (known !== undefined && isSameWish && isAsApplied(known, there)) return 'Unchanged';
    refuseForeign(object, there?.metadata);
    const answer = await this.#kube.apply(object, { fieldManager: childFieldManager, force: true });
    this.#applied.set(key, {
      desired,
      resourceVersion: answer.metadata.resourceVersion ?? '',
      live: digest(withoutServerFields(answer)),
      cachedVersion: live?.metadata.resourceVersion,
      uid: answer.metadata.uid,
      generation: answer.metadata.generation ?? 0,
    });
    if (there === undefined) return isSameWish ? 'Repaired' : 'Created';
    if (answer.metadata.resourceVersion === there.metadata.resourceVersion) return 'Unchanged';
    return isSameWish ? 'Repaired' : 'Updated';
  }

  /**
   * Whether that is what was applied last, or newer. What a cache that is behind holds, or somebody else wrote a moment
   * ago, says nothing about ours: its spec and its status may be those of another.
   */
  isOurs(cached: KubeObject): boolean {
    const known = this.#applied.get(childKey(cached));
    return known?.uid === cached.metadata.uid && (cached.metadata.generation ?? 0) >= (known?.generation ?? Infinity);
  }

  /** The API server has it no more: what was applied says nothing. To be told before the instance is looked at again. */
  gone(object: KubeObject): void {
    this.#applied.delete(childKey(object));
  }

  /** The cache holds our own alone, and may not have seen yet what came or went. By a list: of most kinds the operator may get none. */
  async #find(child: KubeObject): Promise<KubeObject | undefined> {
    const { namespace, name } = child.metadata;
    const { items } = await this.#kube.list(resourceOf(child), { namespace, fieldSelector: `metadata.name=${name}` });
    return items.find(({ metadata }) => metadata.name === name);
  }
}

function childKey(object: KubeObject): string {
  return `${object.kind} ${keyOf(object)}`;
}

function isAsApplied(known: Applied, live: KubeObject | undefined): boolean {
  if (live === undefined) return false;
  const version = live.metadata.resourceVersion;
  // The cache has not caught up with what we wrote: its event comes, and brings the key back.
  if (version === known.cachedVersion) return true;
  if (live.metadata.uid !== known.uid) return false;
  if (version === known.resourceVersion) return true;
  // Its status moves, not what we wrote.
  if (digest(withoutServerFields(live)) !== known.live) return false;
  known.resourceVersion = version ?? '';
  return true;
}

/** What the API server writes by itself, and others all the time. */
const serverFields: ReadonlySet<string> = new Set(['resourceVersion', 'generation', 'managedFields']);

function withoutServerFields(object: KubeObject): unknown {
  const metadata = Object.entries(object.metadata).filter(([field]) => !serverFields.has(field));
  return { ...object, status: undefined, metadata: Object.fromEntries(metadata) };
}

function digest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64');
}
