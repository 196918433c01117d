/** What becomes of an 18x on its way to the caller (TeamsTrunk.spec.earlyMedia). Pure. */
import type { EarlyMediaPolicy } from './peer.ts';

export interface Provisional {
  readonly status: number;
  readonly sdp: string | undefined;
}

/** Undefined: it is not passed on. `rang`: an earlier 18x has reached the caller. */
export function shapeProvisional(
  policy: EarlyMediaPolicy,
  rang: boolean,
  provisional: Provisional,
): Provisional | undefined {
  switch (policy) {
    case 'Pass':
      return provisional;
    case 'FirstOnly':
      // Teams: 183 after 180 stops the carrier's ringing tone although its media is still silent.
      return rang ? undefined : provisional;
    case 'Strip':
      return provisional.sdp === undefined ? provisional : { status: 180, sdp: undefined };
  }
}
