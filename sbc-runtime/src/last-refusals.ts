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
/** Of the report's schema. */
const MAX_TEXT = 1024;
/** Calls of Microsoft are told apart by them; they say nothing to people. */
const IDENTIFIER = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}[;,:]?\s*/gi;
const QUOTED = /"([^"]*)"/;

export class LastRefusals {
  readonly #byTrunk = new Map<string, PeerRefusal>();

  /** @param method of our request */
  record(hop: Hop, method: string, response: Response, wallMs: number): void {
    const { status } = response;
    if (status < 400 || OF_PEOPLE.has(status) || (method === 'OPTIONS' && CHALLENGES.has(status))) return;
    this.#byTrunk.set(hop.trunk, refusalOf(hop, method, response, wallMs));
  }

  of(trunk: string): PeerRefusal | undefined {
    return this.#byTrunk.get(trunk);
  }

  keepOnly(trunks: { has(name: string): boolean }): void {
    for (const trunk of this.#byTrunk.keys()) if (!trunks.has(trunk)) this.#byTrunk.delete(trunk);
  }
}

function refusalOf({ host }: Hop, method: string, response: Response, wallMs: number): PeerRefusal {
  const reasonHeader = kept(response.headers.getAll('Reason').join(', '));
  const warning = kept(response.headers.getAll('Warning').join(', '));
  const said = kept((textOf(reasonHeader) ?? QUOTED.exec(warning)?.[1] ?? '').replaceAll(IDENTIFIER, '').trim());
  return {
    status: response.status,
    phrase: kept(response.reason),
    ...(reasonHeader === '' ? {} : { reasonHeader }),
    ...(warning === '' ? {} : { warning }),
    ...(said === '' ? {} : { text: said }),
    ...{ host: kept(host), method, at: new Date(wallMs).toISOString() },
  };
}

function textOf(reasonHeader: string): string | undefined {
  return parseReason(reasonHeader).find(({ text }) => text !== undefined && text !== '')?.text;
}

const kept = (text: string): string => detached(text.slice(0, MAX_TEXT));
