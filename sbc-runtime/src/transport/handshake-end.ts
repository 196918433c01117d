/** How a TLS connection that we dialled for requests began: what status tells people. */
export type HandshakeEnd =
  | { readonly kind: 'established' }
  /** `untrusted-root`, `name-mismatch`, the alert of the peer, a timeout, … */
  | { readonly kind: 'failed'; readonly reason: string }
  /** It ended before TLS began: nobody is there. */
  | { readonly kind: 'not-tried' };
