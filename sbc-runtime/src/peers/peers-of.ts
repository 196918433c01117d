/** All peers of one pod, built once for each document. Pure. */
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { pbxPeer } from './pbx.ts';
import type { Peer } from './peer.ts';
import { teamsPeer } from './teams.ts';

export interface PeerPlace {
  readonly podName: string;
  readonly bindAddress: string;
  readonly userAgent: string;
}

/** By trunk name. Empty where the document does not know the pod. */
export function peersOf(state: RoutingState, place: PeerPlace): ReadonlyMap<string, Peer> {
  const pod = state.pods.find((entry) => entry.name === place.podName);
  const peers = new Map<string, Peer>();
  if (!pod) return peers;
  for (const trunk of state.trunks) {
    peers.set(
      trunk.name,
      trunk.kind === 'TeamsTrunk'
        ? teamsPeer(trunk, state, pod.ordinal, place.userAgent)
        : pbxPeer(trunk, state, pod.ordinal, place),
    );
  }
  return peers;
}
