/** Where the certificate of an instance comes from. */
import { z } from 'zod';
import { dnsName, objectName } from './field.ts';
import { withRules } from './rule.ts';

export const tls = withRules(
  z.strictObject({
    secretRef: z
      .strictObject({ name: objectName.meta({ description: 'Name of the Secret.', examples: ['sbc-tls'] }) })
      .optional()
      .meta({
        description:
          'A Secret of type kubernetes.io/tls in the same namespace that you bring and renew yourself. Its certificate must cover the FQDN of every pod and trunk.',
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
          'A cert-manager issuer. The operator then keeps a Certificate (RSA, 2048 bits) that covers the FQDN of every pod and trunk. The issuer must be one that Microsoft trusts. Not available in local mode: bring a Secret there.',
      }),
  }),
  [
    {
      cel: 'has(self.secretRef) != has(self.issuerRef)',
      message: 'name either a Secret (secretRef) or a cert-manager issuer (issuerRef), exactly one of the two',
      holds: (self) => (self.secretRef === undefined) !== (self.issuerRef === undefined),
      found: (self) => (self.secretRef === undefined ? 'neither' : 'both'),
    },
  ],
).meta({
  description:
    'The certificate that the pods show to Teams and to PBXs, as a server and as a client. It is reloaded when it changes, without closing a call. Microsoft accepts RSA keys of 2048 bits and more.',
});
