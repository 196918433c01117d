/** A call along a voice route: healthy SBCs at random, demoted ones last, the next where one does not take it. */
import type { CallEnd } from './call-owner.ts';
import type { TeamsCall } from './teams-call.ts';
import { parseTrunk, type PlacedCall, type TeamsSimulator } from './teams-simulator.ts';

export interface VoiceRoute {
  /** `sbc-0.example.com:5061`; one is enough. */
  readonly sbcs: readonly string[];
  /** FailoverTimeSeconds of the trunk: nothing beyond 100 for that long sends the call on. Default: 10 000. */
  readonly failoverMs?: number;
  /** FailoverResponseCodes. Default: 408, 503, 504. */
  readonly failoverCodes?: readonly number[];
  /** Default: Math.random. */
  readonly random?: () => number;
  /** Told of each SBC that did not take it. */
  readonly onPassedOver?: (sbc: string, why: CallEnd | Error) => void;
}

const MAX_SBCS = 50;

/** Resolves with the call that rings, is answered or ended for good; rejects where no SBC could be dialled. */
export async function callAlong(
  simulator: TeamsSimulator,
  route: VoiceRoute,
  placed: Omit<PlacedCall, 'sbc'>,
): Promise<TeamsCall> {
  const trunks = route.sbcs.slice(0, MAX_SBCS).map((sbc) => ({ sbc, ...parseTrunk(sbc) }));
  let last: unknown = new Error('Cannot call: the voice route is empty');
  let refused: TeamsCall | undefined;
  for (const { sbc } of simulator.health.order(trunks, route.random)) {
    try {
      const call = await simulator.call({ ...placed, sbc });
      if (await isTaken(call, route)) return call;
      refused = call;
      route.onPassedOver?.(sbc, await passedOver(call));
    } catch (error) {
      last = error;
      route.onPassedOver?.(sbc, error instanceof Error ? error : new Error(String(error)));
    }
  }
  if (refused) return refused;
  throw last;
}

const passedOver = (call: TeamsCall): Promise<CallEnd | Error> =>
  call.state === 'Ended' ? call.ended : Promise.resolve(new Error('No word beyond 100 in time'));

/** False where the next SBC shall have it: only what came before any word beyond 100 counts. */
async function isTaken(call: TeamsCall, { failoverMs = 10_000, failoverCodes = [408, 503, 504] }: VoiceRoute) {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), failoverMs);
  const ended = call.ended.then(({ status }) =>
    status !== undefined && !failoverCodes.includes(status) ? 'taken' : 'refused',
  );
  const taken = Promise.any([call.ringing, call.answered]).then(() => 'taken' as const);
  taken.catch(() => undefined);
  const first = await Promise.race([late, ended, taken.catch(() => ended)]);
  clearTimeout(timer);
  if (first === 'late') void call.cancel().catch(() => undefined);
  return first === 'taken';
}
