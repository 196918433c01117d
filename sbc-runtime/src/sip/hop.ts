/** Where a message goes next and where one came from, as values that every room may hold. */

export type TransportProtocol = 'UDP' | 'TCP' | 'TLS';

/** The next hop of a request (RFC 3261 §8.1.2, RFC 3263 §4): resolved and dialled by the transport room. */
export interface Hop {
  readonly protocol: TransportProtocol;
  /** FQDN or IP literal; an IPv6 literal without brackets. On TLS it is the server name as well (RFC 6066 SNI). */
  readonly host: string;
  /** Absent: RFC 3263 §4.2, SRV first, then the default port. */
  readonly port?: number;
  /** There and nowhere else, wherever the host's name leads by now. @default RFC 3263 decides */
  readonly at?: { readonly address: string; readonly port: number };
  /**
   * Inside a dialog, where the peer was last heard from: `host` is what the peer has written, and where it leads to no
   * address that the trunk's peers may speak from, the message goes there. @default `host` was configured
   */
  readonly heardFrom?: Heard;
  /** The listener whose socket (UDP) or address (TCP, TLS) the message leaves from. */
  readonly listener: string;
  /** The trunk on whose behalf we dial: its certificate, its trust roots and its name rules apply. */
  readonly trunk: string;
  /** Via sent-by, RFC 3261 §18.1.1: `sbc-0.example.com:5061` or `192.0.2.1:5060`. */
  readonly sentBy: string;
}

export type Heard = Pick<Source, 'address' | 'port'>;

/** A copy: the flow would keep a connection alive that is closed long before the call. */
export const heard = ({ address, port }: Heard): Heard => ({ address, port });

export const isFrom = (source: Heard, before: Heard | undefined): boolean =>
  source.address === before?.address && source.port === before.port;

/** The same hop, and there and nowhere else. */
export function pinnedTo(hop: Hop, { address, port }: Pick<Source, 'address' | 'port'>): Hop {
  return { ...hop, at: { address, port } };
}

/** Where a received message came from. */
export interface Source {
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
  readonly listener: string;
  /** The trunks that may speak from there: source range and, on TLS, certificate. Empty where only `formerTrunks` may. */
  readonly trunks: readonly string[];
  /** The trunks that might speak from there when calls of today began: such a source goes on in its dialogs and begins nothing. @default none */
  readonly formerTrunks?: readonly string[];
}
