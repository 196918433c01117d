/** What a failed INVITE says about the target that it went to. */
import type { InviteFailure } from '../dialog/invite-user.ts';
import type { Hop } from '../sip/hop.ts';
import { retryAfterSeconds } from '../sip/retry-after.ts';
import type { TargetReports } from './call-ports.ts';

export function reportFailure(targets: TargetReports, hop: Hop, failure: InviteFailure): void {
  switch (failure.kind) {
    case 'response':
      targets.refused(hop, 'INVITE', failure.response);
      return targets.answered(hop, failure.response.status, retryAfterSeconds(failure.response));
    case 'transport':
      return targets.unreachable(hop, failure.reason);
    case 'timeout':
      return targets.silent(hop);
    // Our wish, our own limit, or the caller's many words: none says anything about the target.
    case 'cancelled':
    case 'no-room':
    case 'too-large':
      return;
  }
}
