/** PbxTrunk: the connection to a PBX, a carrier's SIP trunk or another SBC. */
import { z } from 'zod';
import { isAddress } from '../address.ts';
import { country } from './country.ts';
import { statusField } from './conditions.ts';
import { allowCIDRs, caBundleRef, codecs, dnsLabel, host, objectName, peerNames, port, sbcRef } from './field.ts';
import { apiVersion, metadata } from './object.ts';
import type { PbxTrunkStatus } from './pbx-trunk-status.ts';
import { listMap, withRules } from './rule.ts';

const peer = z.strictObject({
  name: dnsLabel.meta({ description: 'A name for status, logs and metrics.', examples: ['pbx-a'] }),
  host: host.meta({ description: 'DNS name or address.', examples: ['10.20.0.10', 'pbx.example.com'] }),
  port: port.optional().meta({
    description: 'Port. Absent: looked up with the DNS name (SRV records first, RFC 3263), else 5060, or 5061 for TLS.',
    examples: [5060],
  }),
});

const tls = z
  .strictObject({
    trust: z
      .strictObject({
        caBundleRef: caBundleRef.meta({ description: 'The root certificates, as PEM text in a ConfigMap or Secret.' }),
      })
      .meta({ description: 'Which root certificates the certificate of the PBX must chain to.' }),
    peerNames: peerNames.optional().meta({
      description:
        'DNS names of which the certificate of the PBX must carry one when it calls us. Absent: the hosts of peers.',
      examples: [['pbx.example.com']],
    }),
  })
  .optional()
  .meta({ description: 'Needed where transport is TLS, and only there.' });

const auth = z
  .strictObject({
    secretRef: z
      .strictObject({
        name: objectName.meta({ description: 'Name of the Secret, in the same namespace.', examples: ['pbx-login'] }),
      })
      .meta({
        description:
          'A Secret with the keys `username` and `password`, such as one of type kubernetes.io/basic-auth. With a key `realm`, only challenges of that realm are answered. A change takes effect without a restart.',
      }),
  })
  .optional()
  .meta({
    description:
      'How we log in where the PBX or carrier answers 401 or 407 (digest authentication). Absent: such an answer ends the call.',
  });

const options = z
  .strictObject({
    periodSeconds: z.int().min(0).max(3600).default(30).meta({
      description:
        'Seconds between two OPTIONS requests to each peer. A peer that does not answer is tried after all others. 0 sends none: only what calls meet counts.',
    }),
  })
  .prefault({})
  .meta({ description: 'How the trunk learns which peers are alive.' });

const media = z
  .strictObject({
    srtp: z.enum(['Disabled', 'Required']).default('Disabled').meta({
      description:
        'Whether media to and from the PBX is encrypted (SRTP with SDES keys). `Disabled`: plain RTP. `Required`: calls without it are refused. The keys travel in SIP: use it with transport TLS.',
    }),
  })
  .prefault({})
  .meta({ description: 'How media to the PBX travels.' });

const numbers = z
  .strictObject({
    country: country.optional().meta({
      description:
        'Country whose numbers the PBX writes, as ISO 3166-1 alpha-2. Teams wants E.164: what is dialled as `030 123456` or `0049 30 123456` in DE becomes `+4930123456`. Extensions, emergency numbers and what is no valid number there pass as they are. Absent: all numbers pass as they are.',
      examples: ['DE'],
    }),
  })
  .prefault({})
  .meta({ description: 'How the PBX writes phone numbers.' });

const writtenSpec = withRules(
  z.strictObject({
    sbcRef,
    transport: z.enum(['UDP', 'TCP', 'TLS']).default('UDP').meta({
      description: 'Transport protocol in both directions. The instance needs a listener of kind PbxTrunk for it.',
    }),
    peers: listMap(z.array(peer).min(1).max(16), ['name']).meta({
      description: 'The hosts of the PBX, in the order in which they are tried.',
    }),
    allowCIDRs: allowCIDRs.optional().meta({
      description:
        'Address ranges that calls may come from. Absent: the addresses of peers, which is possible only where every host is an address. Calls from elsewhere are refused and counted.',
      examples: [['10.20.0.0/24']],
    }),
    tls,
    auth,
    options,
    codecs: codecs.default([]).meta({
      description:
        'Codecs to offer to the PBX and to accept from it, by their names in SDP, the best first. Empty: all that the other side offers.',
      examples: [['PCMA', 'PCMU']],
    }),
    media,
    numbers,
  }),
  [
    {
      cel: "self.transport != 'TLS' || has(self.tls)",
      message: 'transport TLS needs to know whom to trust: set tls.trust.caBundleRef',
      holds: (self) => self.transport !== 'TLS' || self.tls !== undefined,
      path: ['tls'],
    },
    {
      cel: "self.transport == 'TLS' || !has(self.tls)",
      message: 'tls has no effect without transport TLS: set transport to TLS or remove tls',
      holds: (self) => self.transport === 'TLS' || self.tls === undefined,
      path: ['tls'],
    },
    {
      cel: "has(self.allowCIDRs) || self.peers.all(p, p.host.matches('^[0-9.]+$|:'))",
      message: 'a peer is given by name, so its address ranges are not known: list them in allowCIDRs',
      holds: (self) => self.allowCIDRs !== undefined || self.peers.every((p) => isAddress(p.host)),
      path: ['allowCIDRs'],
    },
  ],
).meta({ description: 'What the connection should be.' });

/** A default that depends on another field; the API server cannot fill it in, so it does not stand in the stored object. */
const pbxTrunkSpec = writtenSpec.transform((spec) => ({
  ...spec,
  allowCIDRs: spec.allowCIDRs ?? addressesOf(spec.peers),
}));

function addressesOf(peers: readonly { host: string }[]): string[] {
  return [...new Set(peers.map((p) => `${p.host}/${p.host.includes(':') ? '128' : '32'}`))];
}

export const pbxTrunk = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('PbxTrunk'),
    metadata,
    spec: pbxTrunkSpec,
    status: statusField<PbxTrunkStatus>().optional(),
  })
  .meta({ description: 'A connection to a PBX, a SIP trunk of a carrier, or another SBC.' });

export type PbxTrunk = z.output<typeof pbxTrunk>;
export type PbxTrunkSpec = z.output<typeof pbxTrunkSpec>;

/** Names of which the certificate of a caller must carry one; addresses count as names where the peers have no others. */
export function pbxPeerNames(spec: PbxTrunkSpec): readonly string[] {
  return spec.tls?.peerNames ?? [...new Set(spec.peers.map((p) => p.host))];
}
