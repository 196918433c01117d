/** SbcInstance: the pods that make up one SBC. How many, under which names, where they listen, what they may carry. */
import { z } from 'zod';
import { tls } from './certificate.ts';
import { statusField } from './conditions.ts';
import { domain, instanceNamePattern, maxFqdn, maxInstanceName, port } from './field.ts';
import { listeners } from './listener.ts';
import { media, portsPerCall } from './media.ts';
import { network } from './network.ts';
import { apiVersion, metadata } from './object.ts';
import type { SbcInstanceStatus } from './sbc-instance-status.ts';
import { podTemplate } from './pod-template.ts';
import { withRules } from './rule.ts';

const replicas = z
  .int()
  .min(1)
  .max(16)
  .default(1)
  .meta({
    description:
      'How many pods serve calls. Every pod is a gateway of its own in the Teams tenant: it has its own FQDN and its own public address, because Teams refuses several addresses behind one name. When the number is lowered, the pods with the highest ordinals drain first.',
    examples: [2],
  });

/** With each placeholder at most once, the length of a name is a sum: the API server can bound it without building it. */
const hasOne = (template: string, placeholder: string) => template.split(placeholder).length <= 2;

const hostnameTemplate = withRules(
  z
    .string()
    .regex(/^([a-z0-9]|\{name\}|\{ordinal\})(-*([a-z0-9]|\{name\}|\{ordinal\}))*$/)
    .max(63),
  [
    {
      cel: "size(self.split('{name}')) <= 2 && size(self.split('{ordinal}')) <= 2",
      message: '{name} and {ordinal} may each stand there once: remove the second one',
      holds: (self) => hasOne(self, '{name}') && hasOne(self, '{ordinal}'),
    },
  ],
)
  .default('{name}-{ordinal}')
  .meta({
    description:
      'How the name of a pod below the domain is built. `{name}` is the name of the SbcInstance, `{ordinal}` the number of the pod, from 0. A template without `{ordinal}` is possible only where replicas is 1.',
    examples: ['{name}-{ordinal}', 'sbc'],
    allowed: 'lower-case letters, digits and hyphens, with {name} and {ordinal}; it begins and ends without a hyphen',
  });

const capacity = z
  .strictObject({
    maxCalls: z.int().min(1).max(16000).default(500).meta({
      description:
        'Most calls at a time, for each pod. Calls above it are answered 503, so that Teams tries another gateway.',
    }),
    maxCallsPerSecond: z.int().min(1).max(10000).default(50).meta({
      description: 'Most new calls in a second, for each pod. Calls above it are answered 503.',
    }),
  })
  .prefault({})
  .meta({ description: 'What one pod may carry.' });

const calls = z
  .strictObject({
    ringTimeoutSeconds: z.int().min(1).max(3600).default(180).meta({
      description: 'Seconds that a call may ring before it is cancelled and the caller gets 408.',
    }),
  })
  .prefault({})
  .meta({ description: 'How calls behave.' });

const drain = z
  .strictObject({
    timeoutSeconds: z.int().min(0).max(86400).default(14400).meta({
      description:
        'Seconds that a pod which is to stop waits for its calls to end. New calls are answered 503 during that time. Calls that still run at its end are hung up. 0 hangs up at once. A pod that drains already follows a lower value at once, a higher one only up to what it was started with. The other pods are replaced for a new value, one after the other.',
    }),
  })
  .prefault({})
  .meta({ description: 'How pods stop: at upgrades, on node maintenance, when replicas is lowered.' });

const observability = z
  .strictObject({
    port: port.default(8080).meta({ description: 'TCP port of the HTTP endpoints /livez, /readyz and /metrics.' }),
    statusPort: port.default(8443).meta({
      description:
        'TCP port on which the operator asks each pod which routing state it runs and how the far ends are. TLS with a certificate and token that the operator makes itself. Local mode does not use it.',
    }),
    logLevel: z.enum(['Error', 'Warn', 'Info', 'Debug']).default('Info').meta({
      description: 'The least severe lines that the runtime logs. A change takes effect without a restart.',
    }),
  })
  .prefault({})
  .meta({ description: 'Probes, metrics and logs.' });

/** What a container runtime takes, without its finer rules: registry, path, tag and digest. */
const imagePattern = /^[A-Za-z0-9[][-A-Za-z0-9._:/@[\]]*$/;
const image = withRules(z.string().min(1).max(512), [
  {
    cel: `self.matches(r'${imagePattern.source}')`,
    message:
      'an image is one word of letters, digits and . _ : / @ -, such as registry.example.com/teams-sbc/sbc-runtime:0.1.0: remove spaces and line breaks',
    holds: (self) => imagePattern.test(self),
  },
]);
const images = z
  .strictObject({
    runtime: image
      .optional()
      .meta({ description: 'Image of the runtime. Absent: the one that the operator was released with.' }),
    rtpengine: image
      .optional()
      .meta({ description: 'Image of RTPEngine. Absent: the one that the operator was released with.' }),
  })
  .prefault({})
  .meta({ description: 'Other images than the operator brings, for mirrors and tests.' });

/** ip(7), ip_unprivileged_port_start; on a network of their own the pods set it to 0. */
const firstFreePort = 1024;

const sbcInstanceSpec = withRules(
  z.strictObject({
    replicas,
    domain: domain.meta({
      description:
        'The DNS domain of the pods. With domain `voice.example.com`, pod 0 of the instance `sbc` is `sbc-0.voice.example.com`. It must be a verified domain of the tenant, and each name needs one DNS record for the address of its pod.',
      examples: ['voice.example.com'],
    }),
    hostnameTemplate,
    listeners,
    tls,
    network,
    media,
    capacity,
    calls,
    drain,
    observability,
    images,
    podTemplate,
  }),
  [
    {
      cel: "self.replicas == 1 || self.hostnameTemplate.contains('{ordinal}')",
      message: 'with more than one replica each pod needs a name of its own: put {ordinal} into hostnameTemplate',
      holds: (self) => self.replicas === 1 || self.hostnameTemplate.includes('{ordinal}'),
      path: ['hostnameTemplate'],
    },
    {
      cel: 'size(self.network.addresses) == 0 || size(self.network.addresses) >= self.replicas',
      message: 'addresses must have one entry for each replica, or none at all: add the missing ones or lower replicas',
      holds: (self) => self.network.addresses.length === 0 || self.network.addresses.length >= self.replicas,
      path: ['network', 'addresses'],
      found: (self) => `${String(self.network.addresses.length)} for ${String(self.replicas)} replicas`,
    },
    {
      cel: `self.media.engine == 'None' || self.media.portRange.end - self.media.portRange.start + 1 >= ${String(portsPerCall)} * self.capacity.maxCalls`,
      message: `a call takes ${String(portsPerCall)} media ports (two legs, RTP and RTCP): widen media.portRange or lower capacity.maxCalls`,
      holds: ({ media: { engine, portRange: range }, capacity: { maxCalls } }) =>
        engine === 'None' || range.end - range.start + 1 >= portsPerCall * maxCalls,
      path: ['media', 'portRange'],
      found: (self) =>
        `${String(self.media.portRange.end - self.media.portRange.start + 1)} ports for ${String(self.capacity.maxCalls)} calls`,
    },
    {
      cel: "self.media.engine == 'None' || self.listeners.all(l, l.transport != 'UDP' || l.port < self.media.portRange.start || l.port > self.media.portRange.end)",
      message: 'a UDP listener stands inside media.portRange, where calls would take its port: move one of the two',
      holds: ({ listeners: all, media: { engine, portRange: range } }) =>
        engine === 'None' || all.every((l) => l.transport !== 'UDP' || l.port < range.start || l.port > range.end),
      path: ['listeners'],
    },
    {
      cel: "self.media.engine == 'None' || ((self.media.controlPort < self.media.portRange.start || self.media.controlPort > self.media.portRange.end) && self.listeners.all(l, l.transport != 'UDP' || l.port != self.media.controlPort))",
      message: 'controlPort is taken by media.portRange or by a UDP listener: choose another port',
      holds: ({ listeners: all, media: { engine, portRange: range, controlPort } }) =>
        engine === 'None' ||
        ((controlPort < range.start || controlPort > range.end) &&
          all.every((l) => l.transport !== 'UDP' || l.port !== controlPort)),
      path: ['media', 'controlPort'],
    },
    {
      cel: "self.listeners.all(l, l.transport == 'UDP' || l.port != self.observability.port)",
      message: 'observability.port is taken by a listener: choose another port',
      holds: (self) => self.listeners.every((l) => l.transport === 'UDP' || l.port !== self.observability.port),
      path: ['observability', 'port'],
    },
    {
      cel: "self.listeners.all(l, l.transport == 'UDP' || l.port != self.observability.statusPort)",
      message: 'observability.statusPort is taken by a listener: choose another port',
      holds: (self) => self.listeners.every((l) => l.transport === 'UDP' || l.port !== self.observability.statusPort),
      path: ['observability', 'statusPort'],
    },
    {
      cel: 'self.observability.port != self.observability.statusPort',
      message: 'observability.port and observability.statusPort are the same: choose another port for one of them',
      holds: (self) => self.observability.port !== self.observability.statusPort,
      path: ['observability', 'statusPort'],
    },
    {
      cel: `self.network.mode != 'HostNetwork' || self.listeners.all(l, l.port >= ${String(firstFreePort)})`,
      message: `on the network of the node only root may listen below ${String(firstFreePort)}, and the pods are not root: choose another port, or another network.mode`,
      holds: ({ network: { mode }, listeners: all }) =>
        mode !== 'HostNetwork' || all.every((l) => l.port >= firstFreePort),
      path: ['listeners'],
    },
    {
      cel: `self.network.mode != 'HostNetwork' || (self.observability.port >= ${String(firstFreePort)} && self.observability.statusPort >= ${String(firstFreePort)})`,
      message: `on the network of the node only root may listen below ${String(firstFreePort)}, and the pods are not root: choose other ports, or another network.mode`,
      holds: ({ network: { mode }, observability: { port: health, statusPort } }) =>
        mode !== 'HostNetwork' || (health >= firstFreePort && statusPort >= firstFreePort),
      path: ['observability'],
    },
    {
      cel: `self.network.mode != 'HostNetwork' || self.media.engine == 'None' || self.media.controlPort >= ${String(firstFreePort)}`,
      message: `on the network of the node only root may listen below ${String(firstFreePort)}, and the pods are not root: choose another controlPort, or another network.mode`,
      holds: ({ network: { mode }, media: { engine, controlPort } }) =>
        mode !== 'HostNetwork' || engine === 'None' || controlPort >= firstFreePort,
      path: ['media', 'controlPort'],
    },
    {
      cel: "self.media.forwarding == 'Userspace' || self.network.mode == 'HostNetwork'",
      message:
        'forwarding Kernel carries packets of the network of the node alone: set network.mode to HostNetwork, or media.forwarding to Userspace',
      holds: ({ media: { forwarding }, network: { mode } }) => forwarding === 'Userspace' || mode === 'HostNetwork',
      path: ['media', 'forwarding'],
    },
    {
      cel: "!has(self.network.serviceAnnotations) || self.network.mode == 'LoadBalancerPerPod'",
      message:
        'serviceAnnotations stand on Services of type LoadBalancer: set network.mode to LoadBalancerPerPod or remove them',
      holds: (self) => self.network.serviceAnnotations === undefined || self.network.mode === 'LoadBalancerPerPod',
      path: ['network', 'serviceAnnotations'],
    },
  ],
).meta({ description: 'What the SBC should be.' });

export type SbcInstanceSpec = z.output<typeof sbcInstanceSpec>;

/** The FQDN of the pod with this ordinal: what Teams knows the gateway by. */
export function podFqdn(instance: { metadata: { name: string }; spec: SbcInstanceSpec }, ordinal: number): string {
  const { hostnameTemplate: written, domain: below } = instance.spec;
  const hostname = written.replaceAll('{name}', instance.metadata.name).replaceAll('{ordinal}', String(ordinal));
  return `${hostname}.${below}`;
}

const template = 'self.spec.hostnameTemplate';
const celFqdnLength = [
  `size(${template}.replace('{name}', '').replace('{ordinal}', ''))`,
  `(${template}.contains('{name}') ? size(self.metadata.name) : 0)`,
  `(${template}.contains('{ordinal}') ? size(string(self.spec.replicas - 1)) : 0)`,
  '1 + size(self.spec.domain)',
].join(' + ');

export const sbcInstance = withRules(
  z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('SbcInstance'),
    metadata,
    spec: sbcInstanceSpec,
    status: statusField<SbcInstanceStatus>().optional(),
  }),
  [
    {
      cel: `size(self.metadata.name) <= ${String(maxInstanceName)} && self.metadata.name.matches(r'${instanceNamePattern.source}')`,
      message: `the name of an SbcInstance begins with a letter, has no dots and at most ${String(maxInstanceName)} characters, because its pods and Services are named after it: choose another name`,
      holds: ({ metadata: { name } }) => name.length <= maxInstanceName && instanceNamePattern.test(name),
      path: ['metadata', 'name'],
    },
    {
      cel: `${celFqdnLength} <= ${String(maxFqdn)}`,
      message: `the FQDN of every pod has at most ${String(maxFqdn)} characters, which is all that Teams takes: shorten the domain, the name or hostnameTemplate`,
      holds: (self) => podFqdn(self, self.spec.replicas - 1).length <= maxFqdn,
      path: ['spec', 'hostnameTemplate'],
      found: (self) => podFqdn(self, self.spec.replicas - 1),
    },
  ],
).meta({
  description:
    'An SBC: a set of pods that connect Microsoft Teams Direct Routing with PBXs and SIP trunks. TeamsTrunk and PbxTrunk objects in the same namespace attach to it by name.',
});

export type SbcInstance = z.output<typeof sbcInstance>;
