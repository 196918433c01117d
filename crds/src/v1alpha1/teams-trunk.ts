/** TeamsTrunk: the connection of one tenant (or of a carrier's customer) to Microsoft Teams Direct Routing. */
import { z } from 'zod';
import { statusField } from './conditions.ts';
import { allowCIDRs, caBundleRef, codecs, dnsLabel, host, peerNames, port, sbcFqdn, sbcRef } from './field.ts';
import { microsoft } from './microsoft.ts';
import { apiVersion, metadata } from './object.ts';
import type { TeamsTrunkStatus } from './teams-trunk-status.ts';
import { uniqueList, withRules } from './rule.ts';

const region = z
  .enum(['Global', 'GCCHigh', 'DoD'])
  .default('Global')
  .meta({
    description: `Which Microsoft cloud the tenant lives in. It decides the data centres that calls go to, the address ranges that calls may come from and the names that Microsoft's certificate must carry. ${regionTable()}`,
  });

function regionTable(): string {
  return Object.entries(microsoft.regions)
    .map(([name, { hosts, allowCIDRs, listenerPort }]) => {
      const listener =
        listenerPort === undefined ? '' : `; the listener for TeamsTrunk must have port ${String(listenerPort)}`;
      return `\`${name}\`: ${hosts.join(', ')}; ${allowCIDRs.join(', ')}${listener}.`;
    })
    .join(' ');
}

const endpoint = withRules(
  z.strictObject({
    host: host.meta({ description: 'DNS name or address.', examples: ['sip.pstnhub.microsoft.com'] }),
    port: port.default(5061).meta({ description: 'TLS port.' }),
  }),
  [
    {
      cel: "!self.host.startsWith('sip-all.')",
      message:
        'Microsoft has retired the name sip-all: remove endpoints for the data centres of the region, or name sip, sip2 and sip3 one by one',
      holds: (self) => !self.host.startsWith('sip-all.'),
      path: ['host'],
    },
  ],
);

const endpoints = uniqueList(z.array(endpoint).min(1).max(16), ['host', 'port']).optional().meta({
  description:
    'Replaces the data centres of the region, in the order in which they are tried. For tests against a simulator, and for new names of Microsoft before a release knows them.',
});

const fqdns = uniqueList(z.array(sbcFqdn).min(1).max(16))
  .optional()
  .meta({
    description:
      'FQDNs in a domain of the tenant itself, one for each pod by ordinal: the first is for pod 0. The certificate of the instance covers them.',
    examples: [['sbc.customer.example']],
  });

const trust = withRules(
  z.strictObject({
    preset: z.literal('MicrosoftTeams').optional().meta({
      description: 'The root certificates that Microsoft documents for Direct Routing, as shipped with the runtime.',
    }),
    caBundleRef: caBundleRef.optional().meta({
      description: 'Root certificates of your own, for tests against a simulator or a new root of Microsoft.',
    }),
  }),
  [
    {
      cel: 'has(self.preset) != has(self.caBundleRef)',
      message: 'trust either the preset MicrosoftTeams or the certificates of a caBundleRef, exactly one of the two',
      holds: (self) => (self.preset === undefined) !== (self.caBundleRef === undefined),
      found: (self) => (self.preset === undefined ? 'neither' : 'both'),
    },
  ],
)
  .prefault({ preset: 'MicrosoftTeams' })
  .meta({
    description: 'Which root certificates the far end must chain to. Exactly one of preset and caBundleRef.',
  });

const tls = z
  .strictObject({
    trust,
    peerNames: peerNames.optional().meta({
      description:
        'DNS names of which the certificate of the far end must carry one when it calls us. Absent: the names of the region, or the hosts of endpoints.',
      examples: [['sip.pstnhub.microsoft.com']],
    }),
  })
  .prefault({})
  .meta({
    description:
      'Who may be at the far end. A call from Teams needs both: such a certificate, and an address in allowCIDRs.',
  });

const options = z
  .strictObject({
    periodSeconds: z.int().min(1).max(180).default(60).meta({
      description:
        'Seconds between two OPTIONS requests to each data centre, give or take a few so that none leaves the 60 to 180 that Microsoft allows. It expects one a minute and takes a gateway that is silent for longer out of use. Less than 60 is possible only where endpoints replaces the data centres.',
    }),
  })
  .prefault({})
  .meta({ description: 'How the trunk shows Microsoft that it is alive, and learns which data centres are.' });

const writtenSpec = withRules(
  z.strictObject({
    sbcRef,
    region,
    endpoints,
    subdomain: dnsLabel.optional().meta({
      description:
        'For a carrier that serves many tenants: one label below the FQDN of the pod. With `customer1` the trunk is `customer1.sbc-0.voice.example.com` on pod 0; register that name as a domain in the tenant of the customer. Such a trunk sends no OPTIONS: Microsoft judges it by those of the TeamsTrunk that has the FQDNs of the pods, and the two share what either meets at a data centre. Not together with fqdns. With neither, the trunk has the FQDNs of the pods.',
      examples: ['customer1'],
    }),
    fqdns,
    tls,
    allowCIDRs: allowCIDRs.optional().meta({
      description:
        'Address ranges that calls may come from. Absent: the ranges that Microsoft publishes for the region. Calls from elsewhere are refused and counted.',
      examples: [['52.112.0.0/14', '52.120.0.0/14']],
    }),
    options,
    codecs: codecs.default([]).meta({
      description:
        'Codecs to offer to Teams and to accept from it, by their names in SDP, the best first. Empty: all that the other side offers.',
      examples: [['PCMA', 'PCMU']],
    }),
    earlyMedia: z.enum(['Pass', 'FirstOnly', 'Strip']).default('Pass').meta({
      description:
        'What the PBX hears of a call to Teams before it is answered. `Pass`: all that Teams sends, 180 and 183 as they come. `FirstOnly`: the first of them alone, because a 183 behind a 180 ends the ringing tone of a carrier although it may be silent. `Strip`: no sound; a 183 with media becomes a 180, and the PBX plays its own tone.',
    }),
  }),
  [
    {
      cel: '!(has(self.subdomain) && has(self.fqdns))',
      message: 'a trunk has either a subdomain or fqdns of its own: remove one of the two',
      holds: (self) => self.subdomain === undefined || self.fqdns === undefined,
      path: ['subdomain'],
    },
    {
      cel: 'has(self.endpoints) || self.options.periodSeconds >= 60',
      message:
        'Microsoft wants at least 60 seconds between two OPTIONS requests: set 60 to 180, or set endpoints for a test',
      holds: (self) => self.endpoints !== undefined || self.options.periodSeconds >= 60,
      path: ['options', 'periodSeconds'],
    },
  ],
).meta({ description: 'What the connection should be.' });

/** A default that depends on another field; the API server cannot fill it in, so it does not stand in the stored object. */
const teamsTrunkSpec = writtenSpec.transform((spec) => ({
  ...spec,
  allowCIDRs: spec.allowCIDRs ?? [...microsoft.regions[spec.region].allowCIDRs],
}));

export const teamsTrunk = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('TeamsTrunk'),
    metadata,
    spec: teamsTrunkSpec,
    status: statusField<TeamsTrunkStatus>().optional(),
  })
  .meta({
    description: 'A connection to Microsoft Teams Direct Routing: SIP over mutual TLS, media over SRTP.',
  });

export type TeamsTrunk = z.output<typeof teamsTrunk>;
export type TeamsTrunkSpec = z.output<typeof teamsTrunkSpec>;

/** Where calls to Teams go, in the order in which they are tried. */
export function endpointsOf(spec: TeamsTrunkSpec): readonly { readonly host: string; readonly port: number }[] {
  if (spec.endpoints !== undefined) return spec.endpoints;
  const { hosts, port: regionPort } = microsoft.regions[spec.region];
  return hosts.map((name) => ({ host: name, port: regionPort }));
}

/** DNS names of which the certificate of a caller must carry one. */
export function teamsPeerNames(spec: TeamsTrunkSpec): readonly string[] {
  return spec.tls.peerNames ?? [...new Set(endpointsOf(spec).map((target) => target.host))];
}

/** The FQDN of this trunk on the pod with this FQDN and ordinal; undefined where `fqdns` has no entry for the pod. */
export function trunkFqdn(spec: TeamsTrunkSpec, pod: { fqdn: string; ordinal: number }): string | undefined {
  if (spec.fqdns !== undefined) return spec.fqdns[pod.ordinal];
  return spec.subdomain === undefined ? pod.fqdn : `${spec.subdomain}.${pod.fqdn}`;
}
