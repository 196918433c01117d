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
  /** Accepted connections from one source address on which no exchange is open: with more, each new one closes the one that was used longest ago, where that is `crowdedIdleMs`. @default 64 */
  readonly maxIdlePerAddress: number;
  /** So long a connection is silent before it leaves for a newer one because its address has many idle ones. @default 30000 */
  readonly crowdedIdleMs: number;
  /** The same where there is no place otherwise. @default 5000 */
  readonly giveWayIdleMs: number;
  /** Connections of one source address that left for newer ones and are not closed by their peer yet. @default 64 */
  readonly maxLeavingPerAddress: number;
  /** Accepted connections of one listener: a flood on one leaves places for the others and for what we dial. @default 3072 */
  readonly maxConnectionsPerListener: number;
  /** Open connections that we dialled for requests of one trunk: its peers name hosts and ports as they like. @default 256 */
  readonly maxDialledPerTrunk: number;
  /** Connections to one source address, dialled because the one that a response belonged on was gone. @default 4 */
  readonly maxResponseDialsPerAddress: number;
  /** The same for all addresses of one trunk. @default 64 */
  readonly maxResponseDialsPerTrunk: number;
  /** A connection dialled for a response is closed once it was silent for so long with no request open on it. @default 5000 */
  readonly responseIdleMs: number;
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
  /** Chunks or TLS records on one connection in which no message ends, between two sweeps. @default 8192 */
  readonly maxPieces: number;
  /** TLS handshakes in progress with one address: as many as the nodes of a data centre behind it begin at once. More wait for their turn, `maxHandshakes` of them on one listener. @default 16 */
  readonly maxHandshakesPerAddress: number;
  /** Octets of all that a peer sends up to the end of its certificates. Microsoft: some 5 KB. @default 16384 */
  readonly maxHandshakeBytes: number;
  /** No handshake with an address for so long after one that would have cost too much. @default 300000 */
  readonly handshakeCoolDownMs: number;
  /** TLS 1.3 KeyUpdates on one connection that we dialled, both directions; RFC 8446 §5.5 needs one in 24 million records. @default 64 */
  readonly maxKeyUpdates: number;
  /** Refused attempts of the peer to renegotiate on one connection of TLS 1.2. @default 3 */
  readonly maxRenegotiations: number;
  /** What TCP and TLS connections together may be worked off for in one turn of the event loop, and once more those that had to wait. @default 5 */
  readonly turnMs: number;
  /** The same in messages, one more for each 4 KiB of a message. @default 256 */
  readonly turnWork: number;
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
  maxIdlePerAddress: 64,
  crowdedIdleMs: 30_000,
  giveWayIdleMs: 5_000,
  maxLeavingPerAddress: 64,
  maxConnectionsPerListener: 3072,
  maxDialledPerTrunk: 256,
  maxResponseDialsPerAddress: 4,
  maxResponseDialsPerTrunk: 64,
  responseIdleMs: 5_000,
  maxHandshakes: 1024,
  maxWriteQueueBytes: 1024 * 1024,
  maxWaitingPerDial: 1024,
  connectTimeoutMs: 4_000,
  handshakeTimeoutMs: 5_000,
  settleMs: 250,
  avoidAddressMs: 30_000,
  udpReceiveBufferBytes: 4 * 1024 * 1024,
  refusalsAnsweredPerSecond: 20,
  maxPieces: 8192,
  maxHandshakesPerAddress: 16,
  maxHandshakeBytes: 16 * 1024,
  handshakeCoolDownMs: 300_000,
  maxKeyUpdates: 64,
  maxRenegotiations: 3,
  turnMs: 5,
  turnWork: 256,
  sweepMs: 5_000,
};
