/** Condition types of all kinds, and what each says. True is good, of all but `Draining`. Reasons are the operator's. */
import { z } from 'zod';

export const conditionTypes = {
  Accepted: 'The manifest is valid and fits the instance that it names.',
  ResolvedRefs: 'Everything that it names exists and can be used: SbcInstance, Secret, ConfigMap, trunk, NumberPolicy.',
  CertificateReady: 'The certificate exists, is valid now and covers every FQDN.',
  AddressesAssigned: 'Every pod has an address of its own.',
  Programmed: 'Every ready pod runs the current routing state.',
  Available: 'At least one pod can take calls.',
  Draining:
    'A pod that is to stop still has calls. Neither good nor bad: it tells who is waited for, and for how long.',
  Reachable: 'At least one peer answers OPTIONS from at least one pod.',
  Ready: 'The summary of the others.',
} as const;

export type ConditionType = keyof typeof conditionTypes;

/** The types that the operator sets on each kind, all of them from its first visit on. */
export const conditionsOf = {
  SbcInstance: [
    'Accepted',
    'ResolvedRefs',
    'CertificateReady',
    'AddressesAssigned',
    'Programmed',
    'Available',
    'Draining',
    'Ready',
  ],
  TeamsTrunk: ['Accepted', 'ResolvedRefs', 'Programmed', 'Reachable', 'Ready'],
  PbxTrunk: ['Accepted', 'ResolvedRefs', 'Programmed', 'Reachable', 'Ready'],
  CallRoute: ['Accepted', 'ResolvedRefs', 'Programmed', 'Ready'],
  NumberPolicy: ['Accepted', 'ResolvedRefs', 'Programmed', 'Ready'],
} as const satisfies Record<string, readonly ConditionType[]>;

export const condition = z.looseObject({
  type: z.string().max(316).meta({ description: 'What the condition is about, such as Ready.' }),
  status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether it holds.' }),
  observedGeneration: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'The generation of the spec that was looked at.' }),
  lastTransitionTime: z.string().max(32).meta({ description: 'When the status last changed.', format: 'date-time' }),
  reason: z.string().max(1024).meta({ description: 'One CamelCase word for programs.' }),
  message: z.string().max(32768).meta({ description: 'A sentence for people, with the remedy.' }),
});

export type Condition = z.output<typeof condition>;

/** What every kind's status begins with. */
export interface Status {
  readonly observedGeneration?: number | undefined;
  readonly conditions?: readonly Condition[] | undefined;
}

/**
 * The field `status` of a manifest, as the schema in `*-status.ts` has it. Nobody reads what a person wrote there, and a
 * status that an older or newer operator wrote is no reason to refuse a spec: it passes as it is.
 */
export function statusField<Known extends Status>(): z.ZodType<Known> {
  return z.unknown() as z.ZodType as z.ZodType<Known>;
}

/** Of a kind whose status is its conditions. */
export const status = statusField<Status>();
