/** What the statuses of several kinds share. Written by the operator, read by people; described for `kubectl explain`. */
import { z } from 'zod';
import { condition, conditionsOf } from './conditions.ts';

const maxGeneration = Number.MAX_SAFE_INTEGER;

/** What the operator cuts to: a status that is too long is not stored at all. */
export const statusLimits = { text: 1024, name: 253, certificateNames: 256, certificateUsages: 32 } as const;

export const statusText = z.string().max(statusLimits.text);
export const statusName = z.string().max(statusLimits.name);
const statusTime = z.string().max(32).meta({ format: 'date-time' });
export const statusPort = z.int().min(1).max(65535);
export const podCount = z.int().min(0).max(1024);

/** As the operator builds it: nothing is changed in place. */
export type Written<Value> = Value extends readonly (infer Entry)[]
  ? readonly Written<Entry>[]
  : Value extends object
    ? { readonly [Field in keyof Value]: Written<Value[Field]> }
    : Value;

/** A list told apart by `keys`: server-side apply merges its entries. */
export function statusList<Entry extends z.ZodObject>(entry: Entry, max: number, keys: readonly string[] = []) {
  const list = z.array(entry).max(max).optional();
  if (keys.length === 0) return list.meta({ 'x-kubernetes-list-type': 'atomic' });
  return list.meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [...keys] });
}

/** With the conditions of the kind, all of them `Unknown` until the operator has looked at the object. */
export function statusOf<Shape extends z.ZodRawShape>(kind: keyof typeof conditionsOf, shape: Shape) {
  return z
    .object({
      observedGeneration: z
        .int()
        .min(0)
        .max(maxGeneration)
        .optional()
        .meta({ description: 'The generation of the spec that this status speaks about.' }),
      conditions: z
        .array(condition)
        .max(16)
        .optional()
        .meta({
          description: 'What holds and what does not, and why. docs/conditions.md lists every reason.',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
        }),
      ...shape,
    })
    .meta({
      description: 'What is. Written by the operator.',
      default: {
        conditions: conditionsOf[kind].map((type) => ({
          type,
          status: 'Unknown',
          reason: 'Pending',
          message: 'The operator has not looked at it yet',
          lastTransitionTime: '1970-01-01T00:00:00Z',
        })),
      },
    });
}

/** One host of the far end, as the pods see it together. */
export const target = {
  state: z.enum(['Up', 'Down', 'Unknown']).meta({
    description:
      'How it is. `Up`: it answers at least one pod. `Down`: it answers none. `Unknown`: not asked yet, or nobody asks.',
  }),
  lastStatus: z.int().min(100).max(699).optional().meta({
    description: 'SIP status of its last answer to OPTIONS.',
  }),
  lastFailure: statusText.optional().meta({
    description: 'Why the last request got no answer: connection refused, untrusted-root and the like.',
  }),
  tls: z.enum(['Established', 'Failed', 'Unknown']).optional().meta({
    description:
      'How the newest TLS connection that we opened began; Unknown: none yet, or it failed before TLS. Absent: the trunk has no TLS.',
  }),
  heldUntil: statusTime.optional().meta({
    description: 'It asked us to stay away until then (503 with Retry-After).',
  }),
};

export const lastRefusal = z
  .object({
    status: z.int().min(300).max(699).meta({ description: 'SIP status.' }),
    reason: statusText.optional().meta({ description: 'What it said: its Reason header, else the reason phrase.' }),
    meaning: statusText.meta({ description: 'That in plain words.' }),
    remedy: statusText.meta({ description: 'What helps.' }),
    host: statusName.meta({ description: 'The data centre or peer that refused.' }),
    method: z.string().max(32).optional().meta({ description: 'What it refused: INVITE, OPTIONS.' }),
    pod: statusName.optional().meta({ description: 'The pod that was refused.' }),
    at: statusTime.meta({ description: 'When.' }),
  })
  .optional()
  .meta({
    description:
      'The newest request of ours that the far end refused. It goes an hour after it was said; one to OPTIONS as soon as the same host takes OPTIONS.',
  });

export const pods = z
  .object({
    ready: podCount.meta({ description: 'Pods that are ready.' }),
    inSync: podCount.meta({ description: 'Of these, the ones that run it as it is written.' }),
  })
  .optional()
  .meta({ description: 'How far it has come.' });

export const certificate = z
  .object({
    secretName: statusName.meta({ description: 'The Secret that holds it.' }),
    notBefore: statusTime.optional().meta({ description: 'Valid from.' }),
    notAfter: statusTime.optional().meta({ description: 'Valid until.' }),
    issuer: statusText.optional().meta({ description: 'Who issued it.' }),
    dnsNames: z.array(statusName).max(statusLimits.certificateNames).optional().meta({
      description: 'The names that it covers; of very many the first.',
      'x-kubernetes-list-type': 'atomic',
    }),
    usages: z.array(statusName).max(statusLimits.certificateUsages).optional().meta({
      description:
        'What it may be used for: serverAuth, clientAuth, any, or an object identifier. Absent: the certificate does not restrict its use.',
      'x-kubernetes-list-type': 'atomic',
    }),
  })
  .optional();
