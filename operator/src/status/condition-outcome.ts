/** What a condition says, before it has a time and a generation. Pure. */
export interface ConditionOutcome<Reason extends string = string> {
  readonly status: 'True' | 'False' | 'Unknown';
  /** One of the catalogue (`crds/src/v1alpha1/reasons.ts`, docs/conditions.md). */
  readonly reason: Reason;
  /** A sentence with its remedy; no full stop. */
  readonly message: string;
}
