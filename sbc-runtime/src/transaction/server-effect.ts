/** What a server transaction machine asks its shell to do. The shell holds the request, the last response and the user. */
import type { StartTimer, StopTimer } from './timers.ts';

export type ServerEffect =
  | StartTimer
  | StopTimer
  /** 100 Trying, made by the shell. */
  | { readonly kind: 'send-trying' }
  /** The response that the user has just given. */
  | { readonly kind: 'send-response' }
  /** The last response once more; nothing where none was sent. */
  | { readonly kind: 'repeat-response' }
  | { readonly kind: 'ack-to-user' };

export const sendTrying = { kind: 'send-trying' } as const;
export const sendResponse = { kind: 'send-response' } as const;
export const repeatResponse = { kind: 'repeat-response' } as const;
export const ackToUser = { kind: 'ack-to-user' } as const;
