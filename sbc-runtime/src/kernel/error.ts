/** Broken machinery, with a stable code. Expected outcomes are values, not errors (docs/architecture.md). */

export class SbcError extends Error {
  /** Stable and documented in docs/errors.md, such as `SBC_LISTEN`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Proves to the compiler that a switch is complete. */
export function assertNever(value: never): never {
  throw new SbcError('SBC_INVARIANT', `Cannot go on: unexpected value ${JSON.stringify(value)}`);
}
