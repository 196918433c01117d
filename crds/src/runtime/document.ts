/**
 * The routing-state document: all that a runtime is told. Written by the operator's compiler (or by local mode), read by
 * every pod of one SbcInstance. It never holds a secret, only the names of Secrets. Unknown fields are refused: an old
 * runtime must not half-understand a new document. What one field says about another is checked in `cross-check.ts`.
 */
import { z } from 'zod';
import { isAddress, isCIDR } from '../address.ts';

export const documentVersion = 'teams-sbc.dev/routing-state/v1';
/** Of one instance; as many routes. */
export const maxTrunks = 4096;
/** Of one instance: one for each of as many customers. */
export const maxCallRoutes = 4096;
export const maxNumberPolicies = 1000;
/** Of one instance, however many trunks share them. */
export const maxTrustBundles = 64;

/** As Kubernetes names objects. Two entries of one list never share a name. */
const name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
  .max(253)
  .meta({ allowed: 'a name of lower-case letters, digits, hyphens and dots, at most 253 characters' });
/** A DNS name in lower case, or an IP literal (IPv6 without brackets). Goes into SIP headers, so nothing else may pass. */
const host = z
  .string()
  .min(1)
  .max(253)
  .refine((text) => isAddress(text) || /^[a-z0-9_]([-a-z0-9_.]*[a-z0-9])?$/.test(text))
  .meta({ allowed: 'a DNS name in lower case or an IP address' });
const ipAddress = z.string().max(45).refine(isAddress).meta({ allowed: 'an IPv4 or IPv6 address' });
const port = z.int().min(1).max(65535);
const cidrs = z
  .array(z.string().max(49).refine(isCIDR).meta({ allowed: 'a range in CIDR notation, such as 192.0.2.0/24' }))
  .max(256);
const protocol = z.enum(['UDP', 'TCP', 'TLS']);

/** One pod of the instance: its name, its own FQDN and its own public address (Teams refuses several addresses behind one name). */
const pod = z.strictObject({
  /** The StatefulSet's name for it; a runtime finds itself by it. */
  name,
  ordinal: z.int().min(0).max(63),
  fqdn: host,
  /** Put into SDP and shown in status; absent: the address that the pod is bound to. */
  publicAddress: ipAddress.optional(),
});

/** A socket to listen on, bound to the pod's own address. It serves one kind of trunk; the trunks name their protocol. */
const listener = z.strictObject({ name, serves: z.enum(['TeamsTrunk', 'PbxTrunk']), protocol, port });

/** A `kubernetes.io/tls` Secret by name. The runtime picks by SNI among the names that it covers. */
const certificate = z.strictObject({ name, secret: name });

/** Trust roots: Microsoft's set, shipped with the runtime as versioned data, or PEM text under a key of a ConfigMap or Secret. */
const trustBundle = z.strictObject({
  name,
  source: z
    .union([
      z.strictObject({ preset: z.literal('MicrosoftTeams') }),
      z.strictObject({ kind: z.enum(['ConfigMap', 'Secret']), name, key: z.string().min(1).max(253) }),
    ])
    .meta({ allowed: 'preset: MicrosoftTeams, or the kind, name and key of a ConfigMap or Secret' }),
});

const tls = z.strictObject({
  certificate: name,
  trustBundle: name,
  /** The peer's certificate must carry one of these DNS names when it dials us; when we dial, the dialled name. */
  peerNames: z.array(host).max(64),
});

const options = z.strictObject({
  /** Seconds between OPTIONS to each target; 0 sends none, and every target counts as up. */
  periodSeconds: z.int().min(0).max(3600),
});

/** Encoding names as in SDP (`PCMA`, `opus/48000/2`), the best first; empty: all that the other side offers. */
const codecs = z
  .array(
    z
      .string()
      .regex(/^[A-Za-z0-9][-A-Za-z0-9.+_]*(\/[0-9]{1,6}(\/[0-9]{1,2})?)?$/)
      .max(64)
      .meta({ allowed: 'the name of a codec as SDP writes it, such as PCMA or opus/48000/2' }),
  )
  .max(32);

const teamsTrunk = z.strictObject({
  kind: z.literal('TeamsTrunk'),
  name,
  listener: name,
  /** The name that Teams knows this trunk by, one for each ordinal: the host of our Contact, the host of its request URI. */
  fqdns: z.array(host).min(1).max(64),
  /** In the order in which they are tried. */
  dataCentres: z.array(z.strictObject({ host, port })).min(1).max(16),
  /** A call needs an address in one of these ranges and a certificate with one of `tls.peerNames`. */
  allowCIDRs: cidrs.min(1),
  tls,
  options,
  codecs,
  /** `FirstOnly`: later early media becomes plain ringing. `Strip`: all of it does. */
  earlyMedia: z.enum(['Pass', 'FirstOnly', 'Strip']),
});

const pbxTrunk = z.strictObject({
  kind: z.literal('PbxTrunk'),
  name,
  listener: name,
  protocol,
  /** In the order in which they are tried. No port: RFC 3263, SRV first. */
  peers: z
    .array(z.strictObject({ name, host, port: port.optional() }))
    .min(1)
    .max(16),
  allowCIDRs: cidrs.min(1),
  /** Present exactly when the protocol is TLS. */
  tls: tls.optional(),
  /** The Secret that holds `username`, `password` and perhaps `realm` (RFC 3261 §22). Absent: a 401 or 407 ends the call. */
  auth: z.strictObject({ secret: name }).optional(),
  options,
  codecs,
  /** `Required`: SRTP with SDES keys on this leg, and a call without it is refused. */
  srtp: z.enum(['Disabled', 'Required']),
  /** ISO 3166-1 alpha-2: numbers without `+` are read as they are dialled there. Absent: they pass as they are. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .meta({ allowed: 'the two capital letters of a country, such as DE' })
    .optional(),
});

/** A call that arrives on `from` goes to the trunks `to`, in order. A trunk without a route answers 404. */
const route = z.strictObject({ from: name, to: z.array(name).min(1).max(16) });

/** A number as the trunk that the call came in on reads it, up to its first `;`. The pattern is of `number-pattern.ts`. */
const numberText = z.string().min(1).max(64);
const numberMatch = z
  .union([
    z.strictObject({ exact: numberText }),
    z.strictObject({ prefix: numberText }),
    z.strictObject({ pattern: z.string().min(1).max(128) }),
  ])
  .meta({ allowed: 'an object with either exact, prefix or pattern' });
const numberMatches = z.array(numberMatch).max(64);

/** Calls that match go to `destinations`; with `reject`, or without any destination, they go nowhere. Without a match, 404. */
const callRoute = z.strictObject({
  name,
  /** The lowest first; of two with the same, the one that is `created` earlier, then the first by name. */
  priority: z.int().min(0).max(10_000),
  /** RFC 3339; as text it sorts like the time. */
  created: z.string().max(32).optional(),
  /** A trunk. Absent: any. */
  from: name.optional(),
  /** One of them must fit; empty: any number. */
  called: numberMatches,
  calling: numberMatches,
  /** NumberPolicies, applied to what matched. */
  calledPolicy: name.optional(),
  callingPolicy: name.optional(),
  /** Trunks: the lowest priority first, by weight among the same. None: 503. */
  destinations: z
    .array(
      z.strictObject({
        trunk: name,
        priority: z.int().min(0).max(100),
        weight: z.int().min(1).max(1000),
      }),
    )
    .max(16),
  /** Statuses of a destination on which the next one is tried. */
  failover: z.array(z.int().min(400).max(699)).max(32),
  reject: z
    .strictObject({
      status: z.int().min(400).max(699),
      /** Goes into a status line. */
      phrase: z
        .string()
        .regex(/^[-A-Za-z0-9 .,_()]+$/)
        .max(64)
        .meta({ allowed: 'letters, digits, spaces and . , _ ( ) -, at most 64 characters' })
        .optional(),
    })
    .optional(),
});

/** Rules that rewrite a number; the first whose pattern fits does. */
const numberPolicy = z.strictObject({
  name,
  /** ISO 3166-1 alpha-2: the number is read as dialled there before the rules see it. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .meta({ allowed: 'the two capital letters of a country, such as DE' })
    .optional(),
  rules: z
    .array(z.strictObject({ pattern: z.string().min(1).max(128), replacement: z.string().max(64) }))
    .min(1)
    .max(64),
  /** `Reject`: a call whose number no rule fits is answered 404. */
  noMatch: z.enum(['Pass', 'Reject']),
});

/** The schemas of the long lists' entries, for whoever checks one at a time. */
export const entrySchemas = {
  trunks: z.discriminatedUnion('kind', [teamsTrunk, pbxTrunk]),
  callRoutes: callRoute,
  numberPolicies: numberPolicy,
} as const;

export const routingState = z.strictObject({
  version: z.literal(documentVersion),
  instance: z.strictObject({ namespace: name, name }),
  pods: z.array(pod).min(1).max(64),
  listeners: z.array(listener).min(1).max(16),
  certificates: z.array(certificate).max(64),
  trustBundles: z.array(trustBundle).max(maxTrustBundles),
  trunks: z.array(entrySchemas.trunks).max(maxTrunks),
  routes: z.array(route).max(maxTrunks),
  /** Absent: none, and `routes` hold. With any of them, `routes` is empty. */
  callRoutes: z.array(entrySchemas.callRoutes).max(maxCallRoutes).optional(),
  numberPolicies: z.array(entrySchemas.numberPolicies).max(maxNumberPolicies).optional(),
  media: z.strictObject({ engine: z.enum(['RTPEngine', 'None']) }),
  /** For each pod; what is above is answered 503. */
  limits: z.strictObject({ maxCalls: z.int().min(1).max(100_000), maxCallsPerSecond: z.int().min(1).max(100_000) }),
  calls: z.strictObject({
    /** Seconds from INVITE to final response of the callee before we cancel and answer 408 (RFC 3261 §16.8, Timer C). */
    ringTimeoutSeconds: z.int().min(1).max(3600),
  }),
  /** Seconds that a draining pod waits for its calls; 0 hangs up at once. */
  drain: z.strictObject({ timeoutSeconds: z.int().min(0).max(86400) }),
  logLevel: z.enum(['Error', 'Warn', 'Info', 'Debug']),
});

export type RoutingState = z.infer<typeof routingState>;
export type PodState = RoutingState['pods'][number];
export type ListenerState = RoutingState['listeners'][number];
export type TrunkState = RoutingState['trunks'][number];
export type TeamsTrunkState = Extract<TrunkState, { kind: 'TeamsTrunk' }>;
export type PbxTrunkState = Extract<TrunkState, { kind: 'PbxTrunk' }>;
export type RouteState = RoutingState['routes'][number];
export type CallRouteState = NonNullable<RoutingState['callRoutes']>[number];
export type NumberMatchState = CallRouteState['called'][number];
export type NumberPolicyState = NonNullable<RoutingState['numberPolicies']>[number];
