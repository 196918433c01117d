/** Calls of an earlier process of this pod: which of them go on, and how the others end. */
import type { DialogLayer } from '../dialog/dialog-layer.ts';
import type { InviteUser } from '../dialog/invite-user.ts';
import type { MediaRelay } from '../media/media-relay.ts';
import type { Peer } from '../peers/peer.ts';
import type { CallRecord } from './call-ports.ts';
import type { CallSnapshot, SideSnapshot } from './call-snapshot.ts';
import { reasonHeaders } from './reason-headers.ts';

/** What an earlier process has written down. */
export interface FoundCalls {
  readonly calls: readonly CallSnapshot[];
  /** Of these, what came last is not known: they do not go on. */
  readonly doubtful: readonly CallSnapshot[];
}

export const nothingFound: FoundCalls = { calls: [], doubtful: [] };

/** A call that goes on. */
export interface TakenOverCall {
  readonly snapshot: CallSnapshot;
  readonly record: CallRecord;
  readonly callerPeer: Peer;
  readonly calleePeer: Peer;
  /** Since the snapshot. */
  readonly passedMs: number;
}

export interface TakeOver {
  readonly goOn: readonly TakenOverCall[];
  readonly end: readonly CallSnapshot[];
}

/** A call goes on where the document of today knows both its trunks, over the protocol that it speaks. Pure. */
export function takeOver(found: FoundCalls, peers: ReadonlyMap<string, Peer>, wallMs: number): TakeOver {
  const goOn: TakenOverCall[] = [];
  const end: CallSnapshot[] = [...found.doubtful];
  for (const snapshot of found.calls) {
    const callerPeer = peerOf(snapshot.caller, peers);
    const calleePeer = peerOf(snapshot.callee, peers);
    if (callerPeer === undefined || calleePeer === undefined) end.push(snapshot);
    else
      goOn.push({
        snapshot,
        record: openRecord(snapshot),
        callerPeer,
        calleePeer,
        passedMs: sinceMs(snapshot, wallMs),
      });
  }
  return { goOn, end };
}

/** The wall clock may have been set back. */
function sinceMs({ atMs }: CallSnapshot, wallMs: number): number {
  return Math.max(0, wallMs - atMs);
}

/** JSON leaves out what is undefined. */
export function openRecord({ record }: CallSnapshot): CallRecord {
  const { toTrunk, answeredAtMs } = record;
  return { ...record, callIds: [...record.callIds], toTrunk, answeredAtMs, endedAtMs: undefined, end: undefined };
}

/** RFC 3326: what the phones' own people read. Q.850 cause 41 is "temporary failure". */
const lostReasons = ['Q.850;cause=41;text="The call was lost in a restart"'];

/** BYE to both sides; the relay's session goes. Each leg says what it can: its trunk may be gone. */
export function endFound(snapshot: CallSnapshot, dialogs: DialogLayer, relay: MediaRelay): void {
  relay.adopt(snapshot.media);
  for (const { leg, us } of [snapshot.caller, snapshot.callee]) {
    const identity = { ...us, contact: `<sip:${us.sentBy}>`, headers: [] };
    dialogs.restore(leg, identity, nobody, 0).bye({ headers: reasonHeaders(lostReasons) });
  }
  relay.delete(snapshot.media.session);
}

function peerOf({ us }: SideSnapshot, peers: ReadonlyMap<string, Peer>): Peer | undefined {
  const peer = peers.get(us.trunk);
  return peer?.identity.protocol === us.protocol ? peer : undefined;
}

/** Nobody is left to hear of these legs. */
const nobody: InviteUser = {
  onReinvite: () => undefined,
  onUpdate: () => undefined,
  onRequest: () => undefined,
  onBye: () => undefined,
  onEnded: () => undefined,
};
