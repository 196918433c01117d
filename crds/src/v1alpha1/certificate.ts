/** Where the certificate of an instance comes from. */
import { z } from 'zod';
import { dnsName, objectName } from './field.ts';
import { uniqueList, withRules } from './rule.ts';

export const tls = withRules(
  z.strictObject({
    secretRef: z
      .strictObject({ name: objectName.meta({ description: 'Name of the Secret.', examples: ['sbc-tls'] }) })
      .optional()
      .meta({
        description:
          'A Secret of type kubernetes.io/tls in the same namespace that you bring and renew yourself. Its certificate must cover the FQDN of every pod and trunk. New contents take effect without a restart; another name rolls the pods, one at a time.',
      }),
    issuerRef: z
      .strictObject({
        name: objectName.meta({ description: 'Name of the issuer.', examples: ['letsencrypt'] }),
        kind: z
          .string()
          .min(1)
          .max(63)
          .default('Issuer')
          .meta({ description: 'Kind of the issuer.', examples: ['ClusterIssuer'] }),
        group: dnsName
          .default('cert-manager.io')
          .meta({ description: 'API group of the issuer; another one than the default for external issuers.' }),
      })
      .optional()
      .meta({
        description:
          'A cert-manager issuer. The operator then keeps a Certificate (RSA, 2048 bits) that covers the FQDN of every pod and trunk, with at most 100 names: those of the pods, then those that trunks bring, the oldest first. The issuer must be one that Microsoft trusts. Not available in local mode: bring a Secret there.',
      }),
    usages: uniqueList(
      z
        .array(z.enum(['server auth', 'client auth']))
        .min(1)
        .max(2),
    )
      .optional()
      .meta({
        description:
          'What the Certificate is asked for, only with issuerRef. Absent: `server auth` alone, which is all that public authorities issue today and what Microsoft takes. Some issuers ignore it: status.certificate.usages shows what was issued.',
        examples: [['server auth', 'client auth']],
      }),
  }),
  [
    {
      cel: 'has(self.secretRef) != has(self.issuerRef)',
      message: 'name either a Secret (secretRef) or a cert-manager issuer (issuerRef), exactly one of the two',
      holds: (self) => (self.secretRef === undefined) !== (self.issuerRef === undefined),
      found: (self) => (self.secretRef === undefined ? 'neither' : 'both'),
    },
    {
      cel: '!has(self.usages) || has(self.issuerRef)',
      message: 'usages are asked of an issuer, a Secret has what it has: remove usages, or name an issuerRef',
      holds: (self) => self.usages === undefined || self.issuerRef !== undefined,
      path: ['usages'],
    },
    {
      cel: "!has(self.usages) || 'server auth' in self.usages",
      message: 'Microsoft refuses a certificate that is not for servers: add server auth to usages',
      holds: (self) => self.usages === undefined || self.usages.includes('server auth'),
      path: ['usages'],
    },
  ],
).meta({
  description:
    'The certificate that the pods show to Teams and to PBXs, as a server and as a client. It is reloaded when it changes, without closing a call. Microsoft accepts RSA keys of 2048 bits and more.',
});

export type CertificateUsage = 'server auth' | 'client auth';

/** What the Certificate of an instance is asked for, besides what every TLS certificate is for. */
export function certificateUsages(spec: z.output<typeof tls>): readonly CertificateUsage[] {
  return spec.usages ?? ['server auth'];
}
