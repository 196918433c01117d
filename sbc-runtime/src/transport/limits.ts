/** Every bound of the transport room in one place. Options are validated once, at the edge; in here they hold. */

export interface TransportLimits {
  /** Octets from the request line to the empty line. Beyond: the connection is closed. @default 65536 */
  readonly maxHeadBytes: number;
  /** Octets of a body on a stream. Beyond: 413 and the connection is closed. @default 262144 */
  readonly maxBodyBytes: number;
  /** From the first octet of a message on a stream to its last; a peer that is slower is cut off. @default 10000 */
  readonly messageTimeoutMs: number;
  /** An accepted connection without a certificate that has not brought one whole message by then is closed. @default 30000 */
  readonly firstMessageTimeoutMs: number;
  /** A connection without traffic is closed; the next request dials anew. Teams: its OPTIONS come about once a minute, far within it. @default 600000 */
  readonly idleTimeoutMs: number;
  /** A retired connection closes once no exchange is open on it and it was silent for so long. @default 5000 */
  readonly retiredIdleMs: number;
  /** A retired connection that is never silent closes after this time at the first moment without an open exchange. @default 30000 */
  readonly retiredGraceMs: number;
  /** A retired connection closes after this time whatever is open on it: longer than a call may ring by default (180 s). @default 300000 */
  readonly retiredMaxMs: number;
  /** Accepted and dialled connections together, handshakes included. @default 4096 */
  readonly maxConnections: number;
  /** Accepted connections from one source address. @default 512 */
  readonly maxConnectionsPerAddress: number;
  /** Accepted connections of one listener: a flood on one leaves places for the others and for what we dial. @default 3072 */
  readonly maxConnectionsPerListener: number;
  /** TLS handshakes in progress on one listener: they cost the most and prove nothing yet. Twice what one address may hold, which would shut out all others. @default 1024 */
  readonly maxHandshakes: number;
  /** Octets that wait to be written on one connection; a peer that does not read is cut off. @default 1048576 */
  readonly maxWriteQueueBytes: number;
  /** Messages that wait for one connection to be dialled. @default 1024 */
  readonly maxWaitingPerDial: number;
  /** From SYN to SYN-ACK. @default 4000 */
  readonly connectTimeoutMs: number;
  /** From the established TCP connection to the end of the TLS handshake, both directions. @default 5000 */
  readonly handshakeTimeoutMs: number;
  /** TLS 1.3 tells a client that its certificate was refused only after the handshake: so long a new connection is on probation. @default 250 */
  readonly settleMs: number;
  /** An address that refused a connection is tried last for so long. @default 30000 */
  readonly avoidAddressMs: number;
  /** SO_RCVBUF asked for; the kernel may grant less, the log says what. @default 4194304 */
  readonly udpReceiveBufferBytes: number;
  /** Stateless 403 a second to sources that are not allowed, over all UDP listeners; more are dropped. @default 20 */
  readonly refusalsAnsweredPerSecond: number;
  /** How often connections are looked through for idle and retired ones. @default 5000 */
  readonly sweepMs: number;
}

export const defaultLimits: TransportLimits = {
  maxHeadBytes: 64 * 1024,
  maxBodyBytes: 256 * 1024,
  messageTimeoutMs: 10_000,
  firstMessageTimeoutMs: 30_000,
  idleTimeoutMs: 600_000,
  retiredIdleMs: 5_000,
  retiredGraceMs: 30_000,
  retiredMaxMs: 300_000,
  maxConnections: 4096,
  maxConnectionsPerAddress: 512,
  maxConnectionsPerListener: 3072,
  maxHandshakes: 1024,
  maxWriteQueueBytes: 1024 * 1024,
  maxWaitingPerDial: 1024,
  connectTimeoutMs: 4_000,
  handshakeTimeoutMs: 5_000,
  settleMs: 250,
  avoidAddressMs: 30_000,
  udpReceiveBufferBytes: 4 * 1024 * 1024,
  refusalsAnsweredPerSecond: 20,
  sweepMs: 5_000,
};
