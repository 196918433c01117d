/** What a person may add to the pods of an instance: where they run, and what they may use there. */
import { z } from 'zod';
import { annotations, labels } from './annotations.ts';
import { objectName } from './field.ts';
import { listMap, withRules } from './rule.ts';

/** As Kubernetes writes amounts: `500m`, `1.5`, `512Mi`, `2`. */
const quantity = z
  .union([z.int().min(0), z.string()])
  .transform(String)
  .pipe(
    z
      .string()
      .max(32)
      .regex(/^[0-9]+(\.[0-9]+)?([numkMGTPE]|[KMGTPE]i)?$/),
  )
  .meta({
    allowed: 'a quantity, such as 500m, 2 or 512Mi',
    'x-kubernetes-int-or-string': true,
    maxLength: 32,
    pattern: '^[0-9]+(\\.[0-9]+)?([numkMGTPE]|[KMGTPE]i)?$',
  });

const amounts = z.strictObject({
  cpu: quantity.optional().meta({ description: 'Processors.', examples: ['500m', '2'] }),
  memory: quantity.optional().meta({ description: 'Memory.', examples: ['512Mi'] }),
});

const containerResources = z.strictObject({
  requests: amounts.optional().meta({ description: 'What the node must have left for it.' }),
  limits: amounts.optional().meta({
    description:
      'What it may use at most. A limit of cpu makes sound stutter when it is reached: set requests, and leave limits.cpu away.',
  }),
});

const resources = z
  .strictObject({
    runtime: containerResources.optional().meta({ description: 'Of the container that speaks SIP.' }),
    rtpengine: containerResources.optional().meta({ description: 'Of the sidecar that relays media.' }),
  })
  .optional()
  .meta({ description: 'Processor time and memory of each container. Absent: what the operator takes for maxCalls.' });

const toleration = withRules(
  z.strictObject({
    key: z
      .string()
      .max(316)
      .optional()
      .meta({
        description: 'Key of the taint. Absent: every taint, with operator Exists.',
        examples: ['dedicated'],
      }),
    operator: z.enum(['Equal', 'Exists']).default('Equal').meta({
      description:
        'How the taint is compared. `Equal`: key and value are those of the taint. `Exists`: the key is, whatever its value.',
    }),
    value: z
      .string()
      .max(63)
      .optional()
      .meta({ description: 'Value of the taint.', examples: ['voice'] }),
    effect: z
      .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
      .optional()
      .meta({ description: 'Effect of the taint. Absent: every effect.' }),
    tolerationSeconds: z.int().min(0).max(86400).optional().meta({
      description: 'Seconds that the pod stays on a node that gets the taint; only with NoExecute. Absent: it stays.',
    }),
  }),
  [
    {
      cel: "has(self.key) || self.operator == 'Exists'",
      message: 'a toleration without a key tolerates every taint: set operator to Exists, or name the key',
      holds: (self) => self.key !== undefined || self.operator === 'Exists',
      path: ['operator'],
    },
    {
      cel: "!has(self.value) || self.operator == 'Equal'",
      message: 'operator Exists looks at no value: remove value, or set operator to Equal',
      holds: (self) => self.value === undefined || self.operator === 'Equal',
      path: ['value'],
    },
    {
      cel: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
      message: 'tolerationSeconds counts with effect NoExecute alone: set it, or remove tolerationSeconds',
      holds: (self) => self.tolerationSeconds === undefined || self.effect === 'NoExecute',
      path: ['tolerationSeconds'],
    },
  ],
);

export const podTemplate = z
  .strictObject({
    annotations: annotations.optional().meta({
      description:
        'Annotations of every pod, besides those of the operator. Yours win over those that keep autoscalers from moving pods with calls (cluster-autoscaler.kubernetes.io/safe-to-evict, karpenter.sh/do-not-disrupt), its own over the others.',
      examples: [{ 'example.com/team': 'voice' }],
    }),
    nodeSelector: labels.optional().meta({
      description: 'Labels that a node must have.',
      examples: [{ 'node.kubernetes.io/role': 'voice' }],
    }),
    tolerations: z
      .array(toleration)
      .max(32)
      .optional()
      .meta({ description: 'Taints of nodes on which the pods may run all the same.' }),
    topologyKey: z
      .string()
      .min(1)
      .max(316)
      .default('topology.kubernetes.io/zone')
      .meta({
        description:
          'Label of nodes over whose values the pods spread as evenly as they can. Besides, no two pods share a node where mode is HostNetwork.',
        examples: ['kubernetes.io/hostname'],
      }),
    imagePullSecrets: listMap(
      z.array(z.strictObject({ name: objectName.meta({ description: 'Name of the Secret.' }) })).max(16),
      ['name'],
    )
      .optional()
      .meta({
        description:
          'Secrets of type kubernetes.io/dockerconfigjson, in the same namespace, with which the node pulls the images: for a registry of your own that asks for a login. Absent: those of the ServiceAccount, which has none.',
        examples: [[{ name: 'registry-login' }]],
      }),
    priorityClassName: objectName.optional().meta({
      description:
        'PriorityClass of the pods. Absent: that of the cluster. With one of its own an SBC is not evicted for lesser work.',
      examples: ['voice'],
    }),
    resources,
  })
  .prefault({})
  .meta({ description: 'Where the pods run, and what they may use there.' });
