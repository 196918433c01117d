/** How the newest TLS connection to each target began, for the report. */
import type { TargetReport } from '@teams-sbc/crds/runtime';
import type { Hop } from './sip/hop.ts';
import type { HandshakeEnd } from './transport/handshake-end.ts';

export type TlsState = NonNullable<TargetReport['tls']>;

const UNKNOWN: TlsState = { state: 'Unknown' };
const ESTABLISHED: TlsState = { state: 'Established' };

export class TlsStates {
  /** Of those that have something to tell. */
  readonly #byTarget = new Map<string, TlsState>();

  record(hop: Hop, end: HandshakeEnd): void {
    // Inside a dialog the peer names the host: that is no target, and there is no end to them.
    if (hop.heardFrom !== undefined) return;
    this.#byTarget.set(keyOf(hop), stateOf(end));
  }

  of(hop: Hop): TlsState {
    return this.#byTarget.get(keyOf(hop)) ?? UNKNOWN;
  }

  keepOnly(hops: readonly Hop[]): void {
    if (this.#byTarget.size === 0) return;
    const wanted = new Set(hops.map(keyOf));
    for (const key of this.#byTarget.keys()) if (!wanted.has(key)) this.#byTarget.delete(key);
  }
}

function stateOf(end: HandshakeEnd): TlsState {
  if (end.kind === 'failed') return { state: 'Failed', failure: end.reason };
  return end.kind === 'established' ? ESTABLISHED : UNKNOWN;
}

const keyOf = ({ trunk, host, port }: Hop) => `${trunk} ${host}:${port ?? ''}`;
