/** The values of the Helm chart, as a schema: values.yaml, values.schema.json and the table in its README are made of it. */
import { z } from 'zod';

const place = (repository: string, what: string) => ({
  repository: z
    .string()
    .min(1)
    .default(repository)
    .meta({ description: `Repository of the image of ${what}` }),
  tag: z.string().default('').meta({ description: 'Tag; empty: the appVersion of the chart' }),
  digest: z
    .string()
    .regex(/^(sha256:[0-9a-f]{64})?$/)
    .default('')
    .meta({ description: 'Digest, such as sha256:…; wins over the tag' }),
});

/** An image that the pods of an SbcInstance run: the kubelet's rule for its tag says when it is pulled. */
const operandImage = (repository: string, what: string) =>
  z
    .strictObject(place(repository, what))
    .prefault({})
    .meta({ description: `Image of ${what}, where an SbcInstance names none` });

const testImage = (repository: string, what: string) =>
  z
    .strictObject(place(repository, what))
    .prefault({})
    .meta({ description: `Image of ${what}` });

const strings = (description: string) => z.record(z.string(), z.string()).default({}).meta({ description });
const objects = (description: string) => z.array(z.record(z.string(), z.unknown())).default([]).meta({ description });
const object = (description: string) => z.record(z.string(), z.unknown()).default({}).meta({ description });

/** Of objects and in labels; empty: that of the release or chart. */
const name = z.string().regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/);

export const chartValues = z.strictObject({
  global: z.record(z.string(), z.unknown()).default({}).meta({ description: 'Helm’s own; nothing of it is read' }),
  nameOverride: name.max(63).default('').meta({ description: 'Replaces the name of the chart in names' }),
  fullnameOverride: name.max(63).default('').meta({ description: 'Replaces the whole name of all objects' }),
  replicas: z.int().min(1).max(8).default(2).meta({
    description: 'Operators that run; one acts, the others stand by with warm caches',
  }),
  watchNamespaces: z
    .array(z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/))
    .default([])
    .meta({
      description:
        'Namespaces that the operator serves. It then has rights in these alone. Empty: all namespaces of the cluster',
    }),
  crds: z
    .strictObject({
      create: z.boolean().default(true).meta({ description: 'Install and upgrade the CustomResourceDefinitions' }),
      keep: z.boolean().default(true).meta({
        description: 'Keep them, and so every SbcInstance and trunk, when the chart is uninstalled',
      }),
    })
    .prefault({})
    .meta({ description: 'The CustomResourceDefinitions' }),
  image: z
    .strictObject({
      ...place('ghcr.io/teams-sbc/operator', 'the operator'),
      pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent').meta({
        description: 'When the image is pulled',
      }),
    })
    .prefault({})
    .meta({ description: 'Image of the operator' }),
  runtime: z
    .strictObject({ image: operandImage('ghcr.io/teams-sbc/sbc-runtime', 'the runtime') })
    .prefault({})
    .meta({ description: 'What the pods of an SbcInstance run' }),
  rtpengine: z
    .strictObject({ image: operandImage('ghcr.io/teams-sbc/rtpengine', 'RTPEngine') })
    .prefault({})
    .meta({ description: 'The media relay beside it' }),
  imagePullSecrets: objects('Secrets to pull the image of the operator with, such as {name: registry}'),
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info').meta({
    description: 'The least severe lines that the operator logs',
  }),
  workers: z.int().min(1).max(64).default(4).meta({ description: 'Objects of a kind that are worked on at a time' }),
  healthPort: z.int().min(1024).max(65535).default(8081).meta({
    description: 'TCP port of /livez, /readyz and /metrics',
  }),
  serviceAccount: z
    .strictObject({
      create: z.boolean().default(true).meta({ description: 'Create the ServiceAccount' }),
      name: z.string().default('').meta({ description: 'Its name; empty: the name of the objects' }),
      annotations: strings('Annotations of the ServiceAccount'),
    })
    .prefault({})
    .meta({ description: 'The identity of the operator' }),
  rbac: z
    .strictObject({ create: z.boolean().default(true).meta({ description: 'Create roles and bindings' }) })
    .prefault({})
    .meta({ description: 'The rights of the operator' }),
  resources: z
    .record(z.string(), z.unknown())
    .default({ requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '512Mi' } })
    .meta({ description: 'Resources of the operator' }),
  nodeSelector: strings('Labels of the nodes that the operator may stand on'),
  tolerations: objects('Taints that the operator tolerates, besides those of a node that is lost'),
  nodeLossSeconds: z.int().min(0).max(3600).default(30).meta({
    description:
      'How long the operator stays on a node that is not ready or unreachable before another takes its place; Kubernetes’ own default is 300',
  }),
  affinity: object('Affinity of the operator; empty: its replicas stand on different nodes where there are several'),
  priorityClassName: z.string().default('').meta({ description: 'Priority class of the operator' }),
  podAnnotations: strings('Annotations of the operator’s pods'),
  podLabels: strings('Labels of the operator’s pods'),
  podDisruptionBudget: z
    .strictObject({
      create: z.boolean().default(true).meta({ description: 'Create it, where there is more than one replica' }),
    })
    .prefault({})
    .meta({ description: 'Keeps one operator when nodes are drained' }),
  networkPolicy: z
    .strictObject({
      create: z.boolean().default(false).meta({
        description: 'Create it: of the operator only the port of probes and metrics can be reached',
      }),
    })
    .prefault({})
    .meta({ description: 'Who may reach the operator' }),
  serviceMonitor: z
    .strictObject({
      create: z.boolean().default(false).meta({ description: 'Create it; needs the Prometheus operator' }),
      interval: z
        .string()
        .regex(/^[0-9]+(ms|s|m|h)$/)
        .default('30s')
        .meta({ description: 'How often Prometheus asks' }),
      labels: strings('Labels that your Prometheus selects by'),
    })
    .prefault({})
    .meta({ description: 'Metrics of the operator for Prometheus' }),
  callTest: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .meta({ description: 'Have the test in the release; it runs with `helm test` alone' }),
      namespace: z
        .string()
        .regex(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/)
        .default('')
        .meta({
          description:
            'Where it runs; empty: the namespace of the release. With watchNamespaces it must be one of them',
        }),
      image: testImage('ghcr.io/teams-sbc/call-test', 'the test'),
      readySeconds: z.int().min(1).max(3600).default(120).meta({
        description: 'How long the SBC of the test may take to be ready; `helm test` itself waits --timeout, 5 minutes',
      }),
      resources: z
        .record(z.string(), z.unknown())
        .default({ requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } })
        .meta({ description: 'Resources of the pod of the test' }),
    })
    .prefault({})
    .meta({
      description:
        'A test with calls: its pod makes an SBC, plays Teams and a PBX, calls both ways with sound, and deletes what it made',
    }),
  extraObjects: objects('Other objects to install with the chart, such as an Issuer'),
});
