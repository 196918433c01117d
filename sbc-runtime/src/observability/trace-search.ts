/** The messages of one call in the trace ring, in slices: the ring may hold 16 MiB, and every call waits for the loop. */
import type { TracedMessage, TraceRing } from './trace-ring.ts';

export interface FoundMessages {
  /** Oldest first. */
  readonly messages: readonly TracedMessage[];
  /** Those of the call beyond the limits. */
  readonly more: number;
}

export interface SearchLimits {
  /** @default 500 */
  readonly maxMessages?: number;
  /** Octets of the texts found. @default 1 MiB */
  readonly maxOctets?: number;
}

const MAX_MESSAGES = 500;
const MAX_OCTETS = 1024 * 1024;
/** Octets in one slice: less than a millisecond. */
const SLICE_OCTETS = 128 * 1024;
/** What a message costs beside its octets. */
const MESSAGE_OCTETS = 256;

/** Yields after each slice. What comes or is dropped meanwhile is left out. */
export function* findMessages(
  ring: TraceRing,
  callIds: Iterable<string>,
  limits: SearchLimits = {},
): Generator<undefined, FoundMessages> {
  const { maxMessages = MAX_MESSAGES, maxOctets = MAX_OCTETS } = limits;
  const wanted = new Set(callIds);
  const messages: TracedMessage[] = [];
  let [more, octets, slice] = [0, 0, 0];
  const end = ring.next;
  for (let number = ring.first; number < end; number = Math.max(number + 1, ring.first)) {
    const length = ring.lengthOf(number);
    slice += length + MESSAGE_OCTETS;
    const callId = ring.callIdOf(number);
    if (callId !== undefined && wanted.has(callId)) {
      octets += length;
      const isShown = messages.length < maxMessages && octets <= maxOctets;
      const message = isShown ? ring.messageOf(number) : undefined;
      if (message === undefined) more += 1;
      else messages.push(message);
    }
    if (slice < SLICE_OCTETS) continue;
    slice = 0;
    yield;
  }
  return { messages, more };
}
