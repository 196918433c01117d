/** How many calls at once and how many a second (SbcInstance.spec.capacity). Pure: a token bucket as a value. */

export interface CallLimits {
  readonly maxCalls: number;
  readonly maxCallsPerSecond: number;
}

export interface CallBucket {
  readonly tokens: number;
  readonly atMs: number;
}

export function fullBucket(limits: CallLimits, nowMs: number): CallBucket {
  return { tokens: limits.maxCallsPerSecond, atMs: nowMs };
}

/** The bucket holds one second's worth: a burst of that size passes, then the rate holds. */
export function takeToken(
  bucket: CallBucket,
  limits: CallLimits,
  nowMs: number,
): { readonly bucket: CallBucket; readonly taken: boolean } {
  const refilled = Math.min(
    limits.maxCallsPerSecond,
    bucket.tokens + ((nowMs - bucket.atMs) * limits.maxCallsPerSecond) / 1000,
  );
  const taken = refilled >= 1;
  return { bucket: { tokens: taken ? refilled - 1 : refilled, atMs: nowMs }, taken };
}
