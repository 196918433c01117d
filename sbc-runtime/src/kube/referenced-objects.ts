/** The Secrets and trust bundles that the routing state names, as folders that follow them. One that is deleted leaves behind what it held last. */
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { Random } from '../kernel/random.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';
import { keepFolders } from './mirror-folders.ts';
import { writeMirrored } from './mirrored-volume.ts';
import { ObjectFollower } from './object-follower.ts';
import { foldersOf, keyOf, type WantedObject } from './wanted-objects.ts';

export interface ReferencedObjectsDeps {
  readonly api: KubeApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly namespace: string;
  readonly directories: { readonly secrets: string; readonly trust: string };
  /** Files have changed. */
  readonly onWritten: () => void;
}

interface Followed {
  wanted: WantedObject;
  follower: ObjectFollower;
  isWatch: boolean;
  object: KubeObject | undefined;
  /** It is there. */
  readonly found: PromiseWithResolvers<undefined>;
}

/** Each watch is a connection of its own; what is above is asked for every five minutes (logins of hundreds of PBXs). */
const MAX_WATCHES = 32;

export class ReferencedObjects {
  readonly #deps: ReferencedObjectsDeps;
  readonly #followed = new Map<string, Followed>();
  /** Those of the document before are kept: the new one may be refused, and the process start again. */
  #before: ReadonlyMap<string, WantedObject> = new Map();
  #watches = 0;

  constructor(deps: ReferencedObjectsDeps) {
    this.#deps = deps;
  }

  /** Follows these too. Resolves once each that was not followed before is there, which may be never. */
  async want(wanted: ReadonlyMap<string, WantedObject>): Promise<void> {
    const started: Promise<unknown>[] = [];
    for (const [key, entry] of wanted) {
      const followed = this.#followed.get(key);
      if (followed === undefined) started.push(this.#follow(key, entry).found.promise);
      else {
        followed.wanted = entry;
        this.#write(followed);
      }
    }
    await Promise.all(started);
  }

  /** Lets go of what neither this document nor the one before it names. */
  keepOnly(wanted: ReadonlyMap<string, WantedObject>): void {
    const before = this.#before;
    this.#before = wanted;
    for (const [key, { follower, isWatch }] of this.#followed) {
      if (wanted.has(key) || before.has(key)) continue;
      follower.stop();
      if (isWatch) this.#watches -= 1;
      this.#followed.delete(key);
    }
    this.#watchMore();
    const kept = [...wanted.values(), ...before.values()];
    const { secrets, trust } = this.#deps.directories;
    keepFolders(secrets, new Set(kept.filter(({ isSecretFolder }) => isSecretFolder).map(({ name }) => name)));
    keepFolders(trust, new Set(kept.flatMap(({ bundles }) => bundles.map(({ name }) => name))));
  }

  close(): void {
    for (const { follower } of this.#followed.values()) follower.stop();
    this.#followed.clear();
  }

  #follow(key: string, wanted: WantedObject): Followed {
    const isWatch = this.#watches < MAX_WATCHES;
    if (isWatch) this.#watches += 1;
    const follower = this.#follower(wanted, isWatch, (object) => this.#onObject(followed, object));
    const followed: Followed = { wanted, follower, isWatch, object: undefined, found: Promise.withResolvers() };
    this.#followed.set(key, followed);
    follower.start();
    return followed;
  }

  /** What was asked for every five minutes for want of room. */
  #watchMore(): void {
    for (const followed of this.#followed.values()) {
      if (this.#watches >= MAX_WATCHES) return;
      if (followed.isWatch) continue;
      followed.follower.stop();
      followed.isWatch = true;
      this.#watches += 1;
      followed.follower = this.#follower(followed.wanted, true, (object) => this.#onObject(followed, object));
      followed.follower.start();
    }
  }

  #follower(
    { kind, name }: WantedObject,
    isWatch: boolean,
    onObject: (object: KubeObject | undefined) => void,
  ): ObjectFollower {
    const { api, clock, random, log, namespace } = this.#deps;
    const by = isWatch ? 'Watch' : 'Poll';
    return new ObjectFollower({ api, clock, random, log, namespace, object: { kind, name }, by, onObject });
  }

  #onObject(followed: Followed, object: KubeObject | undefined): void {
    if (object === undefined) {
      this.#deps.log.warn('A Secret or trust bundle is not there; what it held last stays in force', {
        object: keyOf(followed.wanted),
      });
      return;
    }
    followed.object = object;
    this.#write(followed);
    followed.found.resolve(undefined);
  }

  #write({ wanted, object }: Followed): void {
    if (object === undefined) return;
    const { directories, log, onWritten } = this.#deps;
    try {
      for (const { below, name, files } of foldersOf(wanted, object)) {
        if (!writeMirrored(join(directories[below], name), files)) continue;
        log.info('Mirrored', { object: keyOf(wanted), folder: `${below}/${name}` });
        onWritten();
      }
    } catch (error) {
      log.error('Cannot write what was mirrored', { object: keyOf(wanted), error: String(error) });
    }
  }
}
