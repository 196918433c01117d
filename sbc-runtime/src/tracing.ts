/** From the transport room's tracer into the ring that ladders are read from. On the path of every message: it stores, nothing more. */
import type { Clock } from './kernel/clock.ts';
import type { TraceRing } from './observability/trace-ring.ts';
import type { Tracer } from './transport/tracer.ts';

/** Our own column in every ladder. */
export const OURSELVES = 'sbc';

export function traceInto(ring: TraceRing, clock: Clock): Tracer {
  return {
    message(direction, flow, text) {
      const peer = flow.trunks[0] ?? flow.address;
      if (direction === 'in') ring.push(clock.wallMs(), peer, OURSELVES, text);
      else ring.push(clock.wallMs(), OURSELVES, peer, text);
    },
  };
}
