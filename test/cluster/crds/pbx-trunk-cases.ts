import { conditions, type KindCases } from './kind-cases.ts';

const peer = { name: 'a', host: '10.20.0.10' };
const minimal = { sbcRef: { name: 'sbc' }, peers: [peer] };
const bundle = { trust: { caBundleRef: { kind: 'ConfigMap', name: 'pbx-ca', key: 'ca.crt' } } };

export const pbxTrunkCases: KindCases = {
  kind: 'PbxTrunk',
  minimal,
  filledIn: {
    ...minimal,
    transport: 'UDP',
    options: { periodSeconds: 30 },
    codecs: [],
    media: { srtp: 'Disabled' },
    numbers: {},
  },
  accepted: [
    { what: 'an IPv6 peer', change: { 'peers.0.host': '2001:db8::10' } },
    {
      what: 'a peer by name with its ranges',
      change: { 'peers.0.host': 'pbx.example.com', allowCIDRs: ['10.20.0.0/24', '2001:db8::/32'] },
    },
    { what: 'TLS with a bundle', change: { transport: 'TLS', tls: bundle } },
    { what: 'a PBX that is never asked', change: { 'options.periodSeconds': 0 } },
  ],
  refused: [
    {
      what: 'TLS that trusts nobody',
      change: { transport: 'TLS' },
      at: 'spec.tls',
      says: 'transport TLS needs to know whom to trust: set tls.trust.caBundleRef',
    },
    {
      what: 'trust without TLS',
      change: { transport: 'TCP', tls: bundle },
      at: 'spec.tls',
      says: 'tls has no effect without transport TLS: set transport to TLS or remove tls',
    },
    {
      what: 'a peer by name without ranges',
      change: { 'peers.0.host': 'pbx.example.com' },
      at: 'spec.allowCIDRs',
      says: 'a peer is given by name, so its address ranges are not known: list them in allowCIDRs',
    },
  ],
  shown: {
    status: {
      peers: [{ name: 'a', host: '10.20.0.10', state: 'Up', lastStatus: 200 }],
      pods: { ready: 1, inSync: 1 },
      conditions: conditions('PbxTrunk', { Ready: { status: 'Unknown' } }),
    },
    header: 'NAME SBC TRANSPORT FIRST PEER REACHABLE READY',
    row: 'shown sbc UDP 10.20.0.10 True Unknown',
  },
};
