/** What is known of a connection from its beginning. */
import type { X509Certificate } from 'node:crypto';
import type { Hop, TransportProtocol } from '../sip/hop.ts';

export interface ConnectionFacts {
  readonly protocol: Exclude<TransportProtocol, 'UDP'>;
  readonly direction: 'accepted' | 'dialled';
  readonly listener: string;
  /** The trunk on whose behalf it was dialled; undefined on an accepted one. */
  readonly dialledFor: { readonly trunk: string; readonly host: string } | undefined;
  /** Dialled for a response whose connection was gone: it stays for seconds only. @default false */
  readonly isForResponse?: boolean;
  /** The peer. */
  readonly address: string;
  readonly port: number;
  readonly trunks: readonly string[];
  readonly formerTrunks: readonly string[];
  readonly acceptsRequests: boolean;
  /** TLS: the peer's certificates, to be judged again when the rules change. */
  readonly chain: readonly X509Certificate[];
  /** TLS: SHA-256 of our own certificate on it. */
  readonly ownFingerprint: string | undefined;
  /** False: the peer may still refuse our certificate (TLS 1.3). */
  readonly isSettled: boolean;
}

/** For whom the peer may speak on a connection. */
export type Speakers = Pick<ConnectionFacts, 'trunks' | 'formerTrunks' | 'acceptsRequests'>;

/** Whether it is the connection, or one of several, that we dialled for this hop. */
export function isDialledFor(facts: ConnectionFacts, { protocol, listener, trunk, host, port }: Hop): boolean {
  const { dialledFor } = facts;
  return (
    dialledFor?.trunk === trunk &&
    dialledFor.host === host &&
    facts.protocol === protocol &&
    facts.listener === listener &&
    (port === undefined || facts.port === port)
  );
}
