/** The facts that are counted, one method a fact, so that code never sees label names. Prometheus names: docs/metrics.md. */

export type Protocol = 'UDP' | 'TCP' | 'TLS';

export interface Metrics {
  /** `kind` is the method of a request or the class of a response: `INVITE`, `2xx`. */
  messageReceived(protocol: Protocol, kind: string): void;
  messageSent(protocol: Protocol, kind: string): void;
  /** A message or connection that was turned away, with a reason from a closed list: `source-not-allowed`, `malformed`, `too-large`, … */
  refused(protocol: Protocol, reason: string): void;
  connectionOpened(protocol: Protocol, direction: 'accepted' | 'dialled'): void;
  connectionClosed(protocol: Protocol, direction: 'accepted' | 'dialled'): void;
  /** A TLS peer whose certificate was refused: `untrusted-root`, `name-mismatch`, `expired`, … */
  certificateRefused(reason: string): void;
  retransmission(kind: string): void;
  callStarted(direction: string): void;
  /** `talkedMs`: from the answer to the end; undefined where the call was not answered. */
  callEnded(direction: string, result: string, reason: string, talkedMs: number | undefined): void;
  /** A call that an earlier process of this pod has left: it goes on, or had to be ended. */
  callTakenOver(direction: string, goesOn: boolean): void;
  /** INVITE to the first response beyond 100 that the caller gets, once a call. */
  callRang(direction: string, afterMs: number): void;
  relayRequest(verb: string, outcome: 'ok' | 'error' | 'timeout', tookMs: number): void;
  optionsAnswered(trunk: string, host: string, status: number): void;
  documentLoaded(accepted: boolean): void;
}

/** Counts nothing; for tests. */
export const noMetrics: Metrics = {
  messageReceived: () => undefined,
  messageSent: () => undefined,
  refused: () => undefined,
  connectionOpened: () => undefined,
  connectionClosed: () => undefined,
  certificateRefused: () => undefined,
  retransmission: () => undefined,
  callStarted: () => undefined,
  callEnded: () => undefined,
  callTakenOver: () => undefined,
  callRang: () => undefined,
  relayRequest: () => undefined,
  optionsAnswered: () => undefined,
  documentLoaded: () => undefined,
};
