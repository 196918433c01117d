/** The building blocks of all kinds: names, addresses, ports, references. Every limit stands here once. */
import { z } from 'zod';
import { isAddress, isCIDR } from '../address.ts';
import { withRules } from './rule.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
/** RFC 1123 label. */
const labelPattern = new RegExp(`^${label}$`);
/** Lower case, at least two labels, the last one not a number: it can never be taken for an IPv4 address. */
const domainPattern = new RegExp(`^(${label}\\.)+[a-z]([-a-z0-9]*[a-z0-9])?$`);
/** As above, or a single label, which a hosts file or a search domain may know. */
const hostNamePattern = new RegExp(`^(${label}\\.)*[a-z]([-a-z0-9]*[a-z0-9])?$`);
/** What a Service and a StatefulSet can be called; 52 leaves room for what the StatefulSet controller appends to labels. */
export const instanceNamePattern = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
export const maxInstanceName = 52;
/** Teams: the FQDN of an SBC has at most 63 characters (New-CsOnlinePSTNGateway). */
export const maxFqdn = 63;

const onMicrosoftRule = {
  cel: "!self.endsWith('.onmicrosoft.com')",
  message: 'Teams refuses names under onmicrosoft.com: use a domain that is verified in the tenant',
  holds: (name: string) => !name.endsWith('.onmicrosoft.com'),
};

export const dnsLabel = z
  .string()
  .regex(labelPattern)
  .max(63)
  .meta({ allowed: 'lower-case letters, digits and hyphens, at most 63 characters' });

/** A domain that pods' names are built under: two characters and a dot are the least that a pod's own name adds. */
export const domain = withRules(
  z
    .string()
    .regex(domainPattern)
    .max(maxFqdn - 2)
    .meta({
      allowed: `a DNS name in lower case with at most ${String(maxFqdn - 2)} characters, such as voice.example.com`,
    }),
  [onMicrosoftRule],
);

/** The FQDN of an SBC as Teams knows it. */
export const sbcFqdn = withRules(
  z
    .string()
    .regex(domainPattern)
    .max(maxFqdn)
    .meta({ allowed: `a DNS name in lower case with at most ${String(maxFqdn)} characters, such as sbc.example.com` }),
  [onMicrosoftRule],
);

export const dnsName = z
  .string()
  .regex(domainPattern)
  .max(253)
  .meta({ allowed: 'a DNS name in lower case, such as sip.example.com' });

/** A host to dial: a DNS name or an IP literal (IPv6 without brackets). */
export const host = z
  .string()
  .max(253)
  .refine((text) => isAddress(text) || hostNamePattern.test(text), { abort: true })
  .meta({
    allowed: 'a DNS name in lower case or an IP address (IPv6 without brackets)',
    anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }, { pattern: hostNamePattern.source }],
  });

export const ipAddress = z
  .string()
  .max(45)
  .refine(isAddress, { abort: true })
  .meta({ allowed: 'an IPv4 or IPv6 address, such as 203.0.113.7', anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] });

const cidr = z.string().max(49).refine(isCIDR, { abort: true }).meta({
  allowed: 'a range in CIDR notation, such as 192.0.2.0/24, or 192.0.2.10/32 for one address',
  format: 'cidr',
});

export const port = z.int().min(1).max(65535);

/** An object of the core API by name, in the same namespace. */
export const objectName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
  .max(253)
  .meta({ allowed: 'the name of an object in the same namespace: lower-case letters, digits, hyphens and dots' });

const key = z
  .string()
  .regex(/^[-._a-zA-Z0-9]+$/)
  .max(253)
  .meta({ allowed: 'a key of the ConfigMap or Secret: letters, digits, hyphens, dots and underscores' });

export const sbcRef = z
  .strictObject({
    name: z
      .string()
      .regex(instanceNamePattern)
      .max(maxInstanceName)
      .meta({
        description: 'Name of the SbcInstance.',
        examples: ['sbc'],
        allowed: 'the name of an SbcInstance in the same namespace',
      }),
  })
  .meta({
    description:
      'The SbcInstance, in the same namespace, whose pods serve this trunk. The trunk uses the listener of that instance that fits its kind and transport.',
  });

export const caBundleRef = z.strictObject({
  kind: z.enum(['ConfigMap', 'Secret']).meta({ description: 'Kind of the object that holds the bundle.' }),
  name: objectName.meta({ description: 'Name of the object, in the same namespace.', examples: ['pbx-ca'] }),
  key: key.meta({
    description: 'Key under which the PEM text stands. It may hold several certificates.',
    examples: ['ca.crt'],
  }),
});

export const peerNames = z.array(dnsName).min(1).max(64);

export const allowCIDRs = z.array(cidr).min(1).max(256);

export const codecs = z
  .array(
    z
      .string()
      .regex(/^[A-Za-z0-9][-A-Za-z0-9.+_]*(\/[0-9]{1,6}(\/[0-9]{1,2})?)?$/)
      .max(64)
      .meta({ allowed: 'the name of a codec as SDP writes it, such as PCMA, G722 or opus/48000/2' }),
  )
  .max(32);
