/** What our schemas carry as zod meta data, for messages, CustomResourceDefinitions and reference pages. */
export interface FieldMeta {
  /** User documentation: full sentences, what the runtime does with the field. */
  readonly description?: string;
  readonly examples?: readonly unknown[];
  /** What may stand here in plain words, for messages: `a DNS name such as voice.example.com`. */
  readonly allowed?: string;
  /** Handed to the API server as they stand. */
  readonly [extension: `x-kubernetes-${string}`]: unknown;
}
