/** A user of a tenant takes a call as the settings say. */
import { refusals } from './refusals.ts';
import type { Behaviour } from './settings.ts';
import type { TeamsCall } from './teams-call.ts';

/** Rings on as many phones as there are entries, and answers on the last of them or on one that was silent. */
export function takeCall(call: TeamsCall, behaviour: Behaviour): void {
  if (behaviour.kind === 'Refuses') {
    const { status, reason } = behaviour;
    if (status === 480 && reason === undefined) call.refuse(refusals.offlineCallee());
    else call.reject(status, reason);
    return;
  }
  const { rings } = behaviour;
  const phone = (at: number) => (at === 0 ? '' : String(at));
  for (const [at, status] of rings.entries()) call.ring(status, { sdp: status === 183, fork: phone(at) });
  if (behaviour.kind === 'Rings') return;
  const fork = behaviour.fork === 'New' ? 'new' : phone(Math.max(0, rings.length - 1));
  const timer = setTimeout(() => {
    if (call.state === 'Calling') call.answer({ fork });
  }, behaviour.afterMs);
  void call.ended.then(() => clearTimeout(timer));
}
