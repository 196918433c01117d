/**
 * Certificates and tokens of status Secrets that are gone: deleted, or of an instance of the same name that was deleted. The
 * kubelet brings a pod that is to stop no new ones, so that it is asked by these until it is gone. In memory alone.
 */
import type { PodCredentials, StatusCredentials } from '../report/status-client.ts';

interface Former {
  readonly credentials: StatusCredentials;
  /** Uids of the pods that were there when it went. */
  readonly pods: ReadonlySet<string>;
}

interface Known {
  readonly current: StatusCredentials;
  /** The newest first. */
  readonly former: readonly Former[];
}

/** Of one Secret. */
const MAX_FORMER = 3;
/** Secrets; the one that was used least lately goes first. */
const MAX_PLACES = 2048;

export class FormerCredentials {
  readonly #known = new Map<string, Known>();

  /**
   * What stands there now, and what was there before as long as a pod of that time is there.
   *
   * @param place of the Secret @param current undefined: it is not there, so what was there last is as good
   * @param uids of the pods that there are
   */
  with(place: string, current: StatusCredentials | undefined, uids: readonly string[]): PodCredentials | undefined {
    const before = this.#known.get(place);
    const now = current ?? before?.current;
    if (now === undefined) return undefined;
    const isAnother = before !== undefined && !goesOn(before.current, now);
    const former = [
      ...(isAnother ? [{ credentials: before.current, pods: new Set(uids) }] : []),
      ...(before?.former ?? []),
    ]
      .filter(({ pods }) => uids.some((uid) => pods.has(uid)))
      .slice(0, MAX_FORMER);
    this.#keep(place, { current: now, former });
    return former.length === 0 ? now : { ...now, former: former.map(({ credentials }) => credentials) };
  }

  #keep(place: string, known: Known): void {
    this.#known.delete(place);
    this.#known.set(place, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_PLACES && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** A certificate that is renewed has the former one behind it, and the token stays. */
function goesOn(before: StatusCredentials, { certificates, token }: StatusCredentials): boolean {
  const [first] = before.certificates;
  return token === before.token && (first === undefined || certificates.includes(first));
}
