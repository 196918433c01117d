/** A PBX, a carrier or another SIP trunk, as data and pure functions. */
import type { PbxTrunkState, RoutingState } from '@teams-sbc/crds/runtime';
import type { Hop } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { withOneKey } from '../sdp/encryption.ts';
import { withPlainHold } from '../sdp/hold.ts';
import { withUniquePayloadTypes } from '../sdp/payload-types.ts';
import { countryOf, e164 } from './e164.ts';
import { nameAddr } from './parties.ts';
import { optionsRequest } from './options-request.ts';
import type { CallParties, Peer, PeerInvite } from './peer.ts';

const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, INFO, UPDATE, PRACK';

export interface PbxPeerPlace {
  readonly bindAddress: string;
  readonly userAgent: string;
}

export function pbxPeer(trunk: PbxTrunkState, state: RoutingState, ordinal: number, place: PbxPeerPlace): Peer {
  const listener = state.listeners.find((entry) => entry.name === trunk.listener);
  const port = listener?.port ?? 5060;
  const host = trunk.protocol === 'TLS' ? podFqdn(state, ordinal) : hostText(place.bindAddress);
  const identity: LocalIdentity = {
    listener: trunk.listener,
    trunk: trunk.name,
    sentBy: `${host}:${port}`,
    protocol: trunk.protocol,
    contact: `<sip:${host}:${port}${trunk.protocol === 'UDP' ? '' : `;transport=${trunk.protocol.toLowerCase()}`}>`,
    headers: [
      ['Allow', ALLOW],
      // Never 100rel: it would invite the PBX to ring reliably, and we send no PRACK.
      ['Supported', 'timer'],
      ['User-Agent', place.userAgent],
    ],
  };
  const targets: Hop[] = trunk.peers.map((peer) => ({
    protocol: trunk.protocol,
    host: peer.host,
    ...(peer.port === undefined ? {} : { port: peer.port }),
    listener: trunk.listener,
    trunk: trunk.name,
    sentBy: identity.sentBy,
  }));
  const country = countryOf(trunk.country);
  return {
    trunk: trunk.name,
    side: 'pbx',
    identity,
    media: {
      interface: 'pbx',
      transport: trunk.srtp === 'Required' ? 'RTP/SAVP' : 'RTP/AVP',
      rtcpMux: 'demux',
      codecs: trunk.codecs,
    },
    targets,
    earlyMedia: 'Pass',
    optionsPeriodSeconds: trunk.options.periodSeconds,
    isAddressedBy: () => true,
    invite: (parties, target) => inviteTowardsPbx(parties, target, host),
    numberFrom: (user) => e164(user, country),
    sdpTowards: (sdp) => sdp,
    sdpFrom: (sdp) => withOneKey(withUniquePayloadTypes(withPlainHold(sdp))),
    options: (target) => optionsRequest({ target, identity, from: `<sip:${host}:${port}>` }),
  };
}

function inviteTowardsPbx(parties: CallParties, target: Hop, localHost: string): PeerInvite {
  const host = target.port === undefined ? hostText(target.host) : `${hostText(target.host)}:${target.port}`;
  const callee = parties.called === '' ? '' : `${parties.called}@`;
  const transport = target.protocol === 'UDP' ? '' : `;transport=${target.protocol.toLowerCase()}`;
  return {
    requestUri: `sip:${callee}${host}${transport}`,
    from: nameAddr(
      parties.displayName,
      parties.caller === 'anonymous' ? 'sip:anonymous@anonymous.invalid' : `sip:${parties.caller}@${localHost}`,
    ),
    to: `<sip:${callee}${hostText(target.host)}>`,
    headers: parties.headers,
  };
}

function podFqdn(state: RoutingState, ordinal: number): string {
  return state.pods.find((pod) => pod.ordinal === ordinal)?.fqdn ?? 'invalid';
}

/** IPv6 literals stand in brackets wherever a URI or a Via holds them (RFC 3261 §25.1). */
function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
