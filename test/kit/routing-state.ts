/** Routing-state documents for scenarios: one trunk to Teams, one or more to PBXs, and what a test changes about them. */
import { documentVersion, type PbxTrunkState, type RoutingState, type TeamsTrunkState } from '@teams-sbc/crds/runtime';

export const SBC_FQDN = 'sbc-0.example.com';
export const SBC_ADDRESS = '203.0.113.10';
export const TEAMS_ADDRESS = '52.114.132.46';
export const PBX_ADDRESS = '10.0.0.2';

export function teamsTrunk(changes: Partial<TeamsTrunkState> = {}): TeamsTrunkState {
  return {
    kind: 'TeamsTrunk',
    name: 'teams',
    listener: 'teams-tls',
    fqdns: [SBC_FQDN],
    dataCentres: [{ host: 'sip.pstnhub.microsoft.com', port: 5061 }],
    allowCIDRs: ['52.112.0.0/14'],
    tls: { certificate: 'sbc-tls', trustBundle: 'microsoft', peerNames: ['sip.pstnhub.microsoft.com'] },
    // No OPTIONS unless a scenario is about them: its ladder holds what its title says.
    options: { periodSeconds: 0 },
    codecs: [],
    earlyMedia: 'Pass',
    ...changes,
  };
}

export function pbxTrunk(changes: Partial<PbxTrunkState> = {}): PbxTrunkState {
  return {
    kind: 'PbxTrunk',
    name: 'pbx',
    listener: 'pbx-udp',
    protocol: 'UDP',
    peers: [{ name: 'pbx', host: PBX_ADDRESS, port: 5060 }],
    allowCIDRs: [`${PBX_ADDRESS}/32`],
    options: { periodSeconds: 0 },
    codecs: [],
    srtp: 'Disabled',
    ...changes,
  };
}

/** Each trunk is the other's destination, as the operator compiles it where nobody says otherwise. */
export function routingState(changes: Partial<RoutingState> = {}): RoutingState {
  const trunks = changes.trunks ?? [teamsTrunk(), pbxTrunk()];
  const named = (kind: string) => trunks.filter((trunk) => trunk.kind === kind).map((trunk) => trunk.name);
  const [teams, pbxs] = [named('TeamsTrunk'), named('PbxTrunk')];
  return {
    version: documentVersion,
    instance: { namespace: 'voice', name: 'sbc' },
    pods: [{ name: 'sbc-0', ordinal: 0, fqdn: SBC_FQDN }],
    listeners: [
      { name: 'teams-tls', serves: 'TeamsTrunk', protocol: 'TLS', port: 5061 },
      { name: 'pbx-udp', serves: 'PbxTrunk', protocol: 'UDP', port: 5060 },
    ],
    certificates: [{ name: 'sbc-tls', secret: 'sbc-tls' }],
    trustBundles: [{ name: 'microsoft', source: { preset: 'MicrosoftTeams' } }],
    trunks,
    routes: [...teams.map((from) => ({ from, to: pbxs })), ...pbxs.map((from) => ({ from, to: teams }))],
    media: { engine: 'RTPEngine' },
    limits: { maxCalls: 100, maxCallsPerSecond: 100 },
    calls: { ringTimeoutSeconds: 180 },
    drain: { timeoutSeconds: 3600 },
    logLevel: 'Info',
    ...changes,
  };
}
