/** Which target a call tries next when one has not taken it. Pure. */
import type { AttemptFailure, CallState } from './call-state.ts';

/** Final responses that say "not here" rather than "not at all". Teams: 403, 404 and 486 are final, 603 above all. */
const notHere: ReadonlySet<number> = new Set([408, 503, 504]);

/** Undefined: the call ends with what was answered last. */
export function nextAttempt(call: CallState, failure: AttemptFailure): number | undefined {
  // A phone has rung: another round through the next target would ring it again.
  if (call.rang || call.early.length > 0) return undefined;
  const next = candidate(call, failure);
  return next !== undefined && next < call.targets ? next : undefined;
}

function candidate({ attempt, failover }: CallState, { status, isOurs }: AttemptFailure): number | undefined {
  if (status === undefined || isOurs === true) return attempt + 1;
  if (failover === undefined) return notHere.has(status) ? attempt + 1 : undefined;
  const nextDestination = failover.nextDestination[attempt];
  if (failover.statuses.has(status)) return isAboutHost(status) ? attempt + 1 : nextDestination;
  // Not a reason to leave the destination, and yet one to try its other hosts, as without any route.
  return notHere.has(status) && attempt + 1 !== nextDestination ? attempt + 1 : undefined;
}

/** Another host of the same trunk may say something else; to 404 or 486 all of them would say the same. */
function isAboutHost(status: number): boolean {
  return status === 408 || (status >= 500 && status < 600);
}
