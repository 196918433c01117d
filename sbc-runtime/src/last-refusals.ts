/** The last refusal of each trunk's far end, in its own words, for the report: what a person looks for first when no call goes through. */
import type { PeerRefusal } from '@teams-sbc/crds/runtime';
import { detached } from './sip/detached.ts';
import type { Hop } from './sip/hop.ts';
import type { Response } from './sip/message.ts';
import { parseReason } from './sip/reason-header.ts';

/** Of the called person and of the caller, not of the trunk: busy, given up, busy everywhere, declined. */
const OF_PEOPLE: ReadonlySet<number> = new Set([486, 487, 600, 603]);
/** A challenge to OPTIONS shows that the peer is up. */
const CHALLENGES: ReadonlySet<number> = new Set([401, 407]);
/** What nobody has met for that long is no longer how it is. */
const COUNTS_FOR_MS = 3_600_000;
/** Of the report's schema. */
const MAX_TEXT = 1024;
/** Calls of Microsoft are told apart by them; they say nothing to people. */
const IDENTIFIER = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[;,:]?\s*/gi;
const QUOTED = /"([^"]*)"/;

interface Kept {
  readonly refusal: PeerRefusal;
  readonly atMs: number;
}

/** It counts for an hour; one to OPTIONS until the same host takes OPTIONS, if that is earlier. */
export class LastRefusals {
  readonly #byTrunk = new Map<string, Kept>();

  /** @param method of our request */
  record(hop: Hop, method: string, response: Response, wallMs: number): void {
    const { status } = response;
    if (status < 400 || OF_PEOPLE.has(status) || (method === 'OPTIONS' && CHALLENGES.has(status))) return;
    this.#byTrunk.set(hop.trunk, { refusal: refusalOf(hop, method, response, wallMs), atMs: wallMs });
  }

  optionsAnswered({ trunk, host }: Hop, status: number): void {
    const refusal = this.#byTrunk.get(trunk)?.refusal;
    if (status < 400 && refusal?.method === 'OPTIONS' && refusal.host === host) this.#byTrunk.delete(trunk);
  }

  of(trunk: string, wallMs: number): PeerRefusal | undefined {
    const kept = this.#byTrunk.get(trunk);
    return kept === undefined || wallMs - kept.atMs > COUNTS_FOR_MS ? undefined : kept.refusal;
  }

  keepOnly(trunks: { has(name: string): boolean }): void {
    for (const trunk of this.#byTrunk.keys()) if (!trunks.has(trunk)) this.#byTrunk.delete(trunk);
  }
}

function refusalOf({ host }: Hop, method: string, response: Response, wallMs: number): PeerRefusal {
  const reasonHeader = cut(response.headers.getAll('Reason').join(', '));
  const warning = cut(response.headers.getAll('Warning').join(', '));
  const said = cut((textOf(reasonHeader) ?? QUOTED.exec(warning)?.[1] ?? '').replaceAll(IDENTIFIER, '').trim());
  return {
    status: response.status,
    phrase: cut(response.reason),
    ...(reasonHeader === '' ? {} : { reasonHeader }),
    ...(warning === '' ? {} : { warning }),
    ...(said === '' ? {} : { text: said }),
    ...{ host: cut(host), method, at: new Date(wallMs).toISOString() },
  };
}

function textOf(reasonHeader: string): string | undefined {
  return parseReason(reasonHeader).find(({ text }) => text !== undefined && text !== '')?.text;
}

const cut = (text: string): string => detached(text.slice(0, MAX_TEXT));
