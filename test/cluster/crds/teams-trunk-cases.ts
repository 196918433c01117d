import { conditions, type KindCases } from './kind-cases.ts';

const minimal = { sbcRef: { name: 'sbc' } };

export const teamsTrunkCases: KindCases = {
  kind: 'TeamsTrunk',
  minimal,
  filledIn: {
    ...minimal,
    region: 'Global',
    tls: { trust: { preset: 'MicrosoftTeams' } },
    options: { periodSeconds: 60 },
    codecs: [],
    earlyMedia: 'Pass',
  },
  accepted: [
    { what: 'a tenant below a carrier', change: { subdomain: 'contoso' } },
    { what: 'a government cloud', change: { region: 'GCCHigh' } },
    {
      what: 'a simulator that is asked every second',
      change: {
        endpoints: [{ host: '127.0.0.21' }, { host: '::1', port: 5062 }],
        'options.periodSeconds': 1,
        'tls.trust': { caBundleRef: { kind: 'Secret', name: 'roots', key: 'ca.crt' } },
      },
    },
  ],
  refused: [
    {
      what: 'a subdomain and names of its own',
      change: { subdomain: 'contoso', fqdns: ['sbc.contoso.example'] },
      at: 'spec.subdomain',
      says: 'a trunk has either a subdomain or fqdns of its own: remove one of the two',
    },
    {
      what: 'Microsoft asked every 30 seconds',
      change: { 'options.periodSeconds': 30 },
      at: 'spec.options.periodSeconds',
      says: 'Microsoft wants at least 60 seconds between two OPTIONS requests: set 60 to 180, or set endpoints for a test',
    },
    {
      what: 'one data centre twice',
      change: { endpoints: [{ host: 'sip.pstnhub.microsoft.com' }, { host: 'sip.pstnhub.microsoft.com', port: 5061 }] },
      at: 'spec.endpoints',
      says: 'two entries have the same host and port: remove one of them',
    },
    {
      what: 'the retired name of Microsoft',
      change: { endpoints: [{ host: 'sip-all.pstnhub.microsoft.com' }] },
      at: 'spec.endpoints[0].host',
      says: 'Microsoft has retired the name sip-all: remove endpoints for the data centres of the region, or name sip, sip2 and sip3 one by one',
    },
    {
      what: 'one name twice',
      change: { fqdns: ['sbc.contoso.example', 'sbc.contoso.example'] },
      at: 'spec.fqdns',
      says: 'two entries have the same value: remove one of them',
    },
    {
      what: 'a name below the domain of Microsoft',
      change: { fqdns: ['sbc.contoso.onmicrosoft.com'] },
      at: 'spec.fqdns[0]',
      says: 'Teams refuses names under onmicrosoft.com: use a domain that is verified in the tenant',
    },
    {
      what: 'a preset and a bundle',
      change: {
        'tls.trust': { preset: 'MicrosoftTeams', caBundleRef: { kind: 'ConfigMap', name: 'roots', key: 'ca.crt' } },
      },
      at: 'spec.tls.trust',
      says: 'trust either the preset MicrosoftTeams or the certificates of a caBundleRef, exactly one of the two',
    },
  ],
  shown: {
    status: {
      gateways: [{ fqdn: 'sbc-0.voice.example.com', port: 5061, pod: 'sbc-0', address: '203.0.113.7' }],
      dataCentres: [{ host: 'sip.pstnhub.microsoft.com', port: 5061, state: 'Down', lastFailure: 'no answer' }],
      receivesOptions: 'No',
      lastRefusal: {
        status: 403,
        meaning: 'The certificate names another host',
        remedy: 'Order one for sbc-0.voice.example.com',
        host: 'sip.pstnhub.microsoft.com',
        at: '2026-01-01T00:00:00Z',
      },
      pods: { ready: 1, inSync: 1 },
      conditions: conditions('TeamsTrunk', { Reachable: { status: 'False' } }),
    },
    header: 'NAME SBC GATEWAY REACHABLE READY',
    row: 'shown sbc sbc-0.voice.example.com False True',
  },
};
