/** Faults, each for one request: deterministic, in the order they were ordered. */
import type { Asked } from './request-path.ts';

export type Fault =
  /** An answer that refuses, as a Kubernetes Status. */
  | { readonly kind: 'status'; readonly code: number; readonly reason?: string; readonly retryAfterSeconds?: number }
  /** The connection is reset before the request is carried out. */
  | { readonly kind: 'reset' }
  /** Carried out, then reset: whoever asked cannot know. */
  | { readonly kind: 'lost-answer' }
  /** Neither carried out nor answered. */
  | { readonly kind: 'silence' }
  /** Carried out when `until` resolves: a slow API server. */
  | { readonly kind: 'hold'; readonly until: Promise<void> };

/** What a fault is for; absent parts match all. */
export interface FaultMatch {
  readonly method?: string;
  /** Plural. */
  readonly resource?: string;
  readonly name?: string;
  readonly isWatch?: boolean;
}

interface Ordered {
  readonly match: FaultMatch;
  readonly fault: Fault;
  left: number;
}

export class Faults {
  readonly #ordered: Ordered[] = [];

  order(match: FaultMatch, fault: Fault, times = 1): void {
    this.#ordered.push({ match, fault, left: times });
  }

  clear(): void {
    this.#ordered.length = 0;
  }

  /** Uses one up. */
  take(asked: Asked): Fault | undefined {
    const found = this.#ordered.find(({ match, left }) => left > 0 && matches(match, asked));
    if (found === undefined) return undefined;
    found.left--;
    return found.fault;
  }
}

export function matches({ method, resource, name, isWatch }: FaultMatch, asked: Asked): boolean {
  return (
    (method === undefined || method === asked.method) &&
    (resource === undefined || resource === asked.resource?.plural) &&
    (name === undefined || name === asked.name) &&
    (isWatch === undefined || isWatch === asked.isWatch)
  );
}
