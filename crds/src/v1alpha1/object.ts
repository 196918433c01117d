/** The envelope that every kind has: apiVersion, kind, metadata. */
import { z } from 'zod';
import { objectName } from './field.ts';

export const group = 'teams-sbc.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}` as const;

/** The fields of `metadata` that we read; others are kept as they are. */
export const metadata = z.looseObject({
  name: objectName,
  namespace: z.string().max(63).optional(),
  uid: z.string().optional(),
  generation: z.number().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().nullable().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  finalizers: z.array(z.string()).optional(),
});

export type ObjectMeta = z.output<typeof metadata>;
