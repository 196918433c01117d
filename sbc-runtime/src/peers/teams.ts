/** What Microsoft Teams demands of its side, as data and pure functions (docs/teams-direct-routing.md). The only place that knows. */
import type { RoutingState, TeamsTrunkState } from '@teams-sbc/crds/runtime';
import type { Hop } from '../sip/hop.ts';
import type { LocalIdentity } from '../sip/local-identity.ts';
import { withOneKey } from '../sdp/encryption.ts';
import { direction, withDirection } from '../sdp/sdp.ts';
import { nameAddr, hostPart } from './parties.ts';
import { optionsRequest } from './options-request.ts';
import type { CallParties, Peer, PeerInvite } from './peer.ts';

// Teams: its proxy allows INVITE, ACK, OPTIONS, CANCEL, BYE, NOTIFY alone; we name what we carry out, and NOTIFY is a must.
const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY';

export function teamsPeer(trunk: TeamsTrunkState, state: RoutingState, ordinal: number, userAgent: string): Peer {
  const fqdn = (trunk.fqdns[ordinal] ?? '').toLowerCase();
  const listener = state.listeners.find((entry) => entry.name === trunk.listener);
  const port = listener?.port ?? 5061;
  const identity: LocalIdentity = {
    listener: trunk.listener,
    trunk: trunk.name,
    sentBy: `${fqdn}:${port}`,
    protocol: 'TLS',
    // Teams: the host of Contact names the tenant and is compared with our certificate; an address there is refused with 403.
    contact: `<sip:${fqdn}:${port};transport=tls>`,
    headers: [
      ['Allow', ALLOW],
      ['Supported', 'timer'],
      ['User-Agent', userAgent],
    ],
  };
  const targets: Hop[] = trunk.dataCentres.map((dataCentre) => ({
    protocol: 'TLS',
    host: dataCentre.host,
    port: dataCentre.port,
    listener: trunk.listener,
    trunk: trunk.name,
    sentBy: identity.sentBy,
  }));
  const publicAddress = state.pods.find((pod) => pod.ordinal === ordinal)?.publicAddress;
  return {
    trunk: trunk.name,
    side: 'teams',
    identity,
    media: {
      interface: 'teams',
      transport: 'RTP/SAVP',
      rtcpMux: 'offer',
      codecs: trunk.codecs,
      ...(publicAddress === undefined ? {} : { advertisedAddress: publicAddress }),
    },
    targets,
    earlyMedia: trunk.earlyMedia,
    // Teams: ten seconds after its INVITE it goes elsewhere, and the callee rings for nobody.
    firstWordWithinMs: 8000,
    optionsPeriodSeconds: trunk.options.periodSeconds,
    // Teams: several tenants share its addresses; the host of the request URI is the trunk's FQDN and tells them apart.
    isAddressedBy: (requestUri) => hostPart(requestUri) === fqdn,
    // Teams: it writes E.164 itself, and numbers without + (112, 911, extensions) mean what they say.
    numberFrom: (user) => user,
    invite: (parties, target) => inviteTowardsTeams(parties, target, fqdn),
    sdpTowards: inWordsOfTeams,
    sdpFrom: withOneKey,
    options: (target) => optionsRequest({ target, identity, from: `<sip:${fqdn}:${port}>` }),
  };
}

function inviteTowardsTeams(parties: CallParties, target: Hop, fqdn: string): PeerInvite {
  const host = `${target.host}:${target.port ?? 5061}`;
  // Teams: without user=phone it guesses whether the user part is a number; an empty one before the @ is refused.
  const uri = parties.called === '' ? `sip:${host}` : `sip:${parties.called}@${host};user=phone`;
  return {
    requestUri: uri,
    from: nameAddr(
      parties.displayName,
      parties.caller === 'anonymous' ? 'sip:anonymous@anonymous.invalid' : `sip:${parties.caller}@${fqdn}`,
    ),
    to: `<${uri}>`,
    headers: parties.headers,
  };
}

/**
 * Teams: it understands `sendrecv` and `inactive` alone. Who offers anything between holds. Who answers with it has taken a
 * call and plays an announcement (`sendonly`), or listens (`recvonly`): `inactive` would silence both.
 */
function inWordsOfTeams(sdp: string, role: 'offer' | 'answer'): string {
  const wanted = direction(sdp);
  if (wanted !== 'sendonly' && wanted !== 'recvonly') return sdp;
  return withDirection(sdp, role === 'offer' ? 'inactive' : 'sendrecv');
}
