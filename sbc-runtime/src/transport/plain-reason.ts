/** What went wrong on a socket, in words for a person: without addresses and internals. */

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the peer reset the connection',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no local address or port to dial from',
};

export function plainReason(error: Error): string {
  const { code, reason } = error as Error & { readonly code?: string; readonly reason?: string };
  if (reason !== undefined) return `TLS: ${reason}`;
  return (code === undefined ? undefined : REASONS[code]) ?? code ?? error.message;
}
