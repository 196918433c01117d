/** A routing state with one trunk of each kind, for tests. */
import { documentVersion, type PbxTrunkState, type RoutingState, type TeamsTrunkState } from './document.ts';

export const sampleTeamsTrunk: TeamsTrunkState = {
  kind: 'TeamsTrunk',
  name: 'teams',
  listener: 'teams-tls',
  fqdns: ['sbc-0.voice.example.com', 'sbc-1.voice.example.com'],
  dataCentres: [{ host: 'sip.pstnhub.microsoft.com', port: 5061 }],
  allowCIDRs: ['52.112.0.0/14', '52.120.0.0/14'],
  tls: { certificate: 'sbc-tls', trustBundle: 'microsoft-teams', peerNames: ['sip.pstnhub.microsoft.com'] },
  options: { periodSeconds: 60 },
  codecs: [],
  earlyMedia: 'Pass',
};

export const samplePbxTrunk: PbxTrunkState = {
  kind: 'PbxTrunk',
  name: 'pbx',
  listener: 'pbx-udp',
  protocol: 'UDP',
  peers: [{ name: 'a', host: '10.20.0.10', port: 5060 }],
  allowCIDRs: ['10.20.0.10/32'],
  options: { periodSeconds: 30 },
  codecs: ['PCMA'],
  srtp: 'Disabled',
};

export const sampleState: RoutingState = {
  version: documentVersion,
  instance: { namespace: 'voice', name: 'sbc' },
  pods: [
    { name: 'sbc-0', ordinal: 0, fqdn: 'sbc-0.voice.example.com', publicAddress: '203.0.113.7' },
    { name: 'sbc-1', ordinal: 1, fqdn: 'sbc-1.voice.example.com' },
  ],
  listeners: [
    { name: 'teams-tls', serves: 'TeamsTrunk', protocol: 'TLS', port: 5061 },
    { name: 'pbx-udp', serves: 'PbxTrunk', protocol: 'UDP', port: 5060 },
  ],
  certificates: [{ name: 'sbc-tls', secret: 'sbc-tls' }],
  trustBundles: [{ name: 'microsoft-teams', source: { preset: 'MicrosoftTeams' } }],
  trunks: [sampleTeamsTrunk, samplePbxTrunk],
  routes: [
    { from: 'teams', to: ['pbx'] },
    { from: 'pbx', to: ['teams'] },
  ],
  media: { engine: 'RTPEngine' },
  limits: { maxCalls: 500, maxCallsPerSecond: 50 },
  calls: { ringTimeoutSeconds: 180 },
  drain: { timeoutSeconds: 14400 },
  logLevel: 'Info',
};
