/** What a client transaction machine asks its shell to do. The shell holds the request, the last response and the user. */
import type { StartTimer, StopTimer } from './timers.ts';

export type ClientEffect =
  | StartTimer
  | StopTimer
  | { readonly kind: 'send-request' }
  | { readonly kind: 'repeat-request' }
  /** The ACK of a final response other than 2xx (RFC 3261 §17.1.1.3). */
  | { readonly kind: 'send-ack' }
  | { readonly kind: 'repeat-ack' }
  | { readonly kind: 'response-to-user' }
  | { readonly kind: 'timeout-to-user' }
  | { readonly kind: 'transport-failure-to-user' };

export const sendRequest = { kind: 'send-request' } as const;
export const repeatRequest = { kind: 'repeat-request' } as const;
export const sendAck = { kind: 'send-ack' } as const;
export const repeatAck = { kind: 'repeat-ack' } as const;
export const responseToUser = { kind: 'response-to-user' } as const;
export const timeoutToUser = { kind: 'timeout-to-user' } as const;
export const transportFailureToUser = { kind: 'transport-failure-to-user' } as const;
