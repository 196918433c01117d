/** How long a container that died waits before it is started again: at once the first time, then doubling. Pure. */
export interface BackOffValues {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A container that ran this long is forgiven. */
  readonly forgetAfterMs: number;
}

/** The kubelet's shape with a shorter first step: it begins at 10 s and ends at 300 s, and forgets after 10 minutes. */
export const kubeletBackOff: BackOffValues = { firstMs: 1_000, maxMs: 60_000, forgetAfterMs: 600_000 };

/** @param failures how often it died in a row, this time included: 1 means at once */
export function backOffMs(failures: number, { firstMs, maxMs }: BackOffValues): number {
  if (failures <= 1) return 0;
  return Math.min(maxMs, firstMs * 2 ** (failures - 2));
}
