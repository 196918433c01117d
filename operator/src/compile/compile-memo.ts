/**
 * What the last compilation made of each manifest. A document of thousands of trunks is compiled again for each change of
 * one of them: whatever is the same as before is taken from here, as the very same object. One for each instance.
 */
interface Manifest {
  readonly metadata: { readonly uid?: string | undefined; readonly generation?: number | undefined };
}

interface Kept {
  readonly inputs: string;
  readonly result: unknown;
}

export class CompileMemo {
  #kept = new Map<unknown, Kept>();
  #next = new Map<unknown, Kept>();

  /**
   * What `make` gives, which must depend on the manifest's kind, name and spec and on `inputs` alone. Its result is shared:
   * nobody may change it. A manifest that is changed in place instead of replaced is not noticed.
   */
  recall<Result>(manifest: Manifest, inputs: string, make: () => Result): Result {
    const key = keyOf(manifest);
    const kept = this.#kept.get(key);
    // One key belongs to one place in the compiler, which always gives the same type.
    if (kept?.inputs === inputs) {
      this.#next.set(key, kept);
      return kept.result as Result;
    }
    const result = make();
    this.#next.set(key, { inputs, result });
    return result;
  }

  /** The end of a compilation: what it did not ask for is forgotten. */
  sweep(): void {
    this.#kept = this.#next;
    this.#next = new Map();
  }
}

/** The API server counts `generation` up with every change of the spec: a new status alone is no new manifest. */
function keyOf(manifest: Manifest): unknown {
  const { uid, generation } = manifest.metadata;
  return uid === undefined || generation === undefined ? manifest : `${uid}/${String(generation)}`;
}
