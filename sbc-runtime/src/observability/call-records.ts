/** The calls of the last while, running and over, for people who ask what became of one. */

/** How a call ended; the words are `CallEnd`'s (docs/errors.md). */
export interface RecordedEnd {
  readonly result: string;
  readonly reason: string;
  readonly by: string;
  readonly status?: number;
}

/** Kept up to date by the call itself while it runs. Times in milliseconds since 1970. */
export interface CallRecord {
  readonly id: string;
  readonly direction: string;
  readonly fromTrunk: string;
  readonly toTrunk: string | undefined;
  readonly caller: string;
  readonly called: string;
  /** Call-IDs of its legs, the caller's first. */
  readonly callIds: readonly string[];
  readonly startedAtMs: number;
  readonly answeredAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly end: RecordedEnd | undefined;
}

export interface CallRecordsParams {
  /** Of calls that are over; the one that ended first goes when one more comes. Those that run are all here. @default 1000 */
  readonly maxOver?: number;
  /** `Shortened` blanks the last four digits of each number where records are read. @default 'Full' */
  readonly numbers?: 'Full' | 'Shortened';
}

const MAX_OVER = 1000;
/** Transfers and failed attempts add legs; a reader sees these. */
const MAX_CALL_IDS = 32;
const BLANKED_DIGITS = 4;

export class CallRecords {
  readonly #maxOver: number;
  readonly #write: (number: string) => string;
  /** In the order in which they started. */
  readonly #running = new Map<string, CallRecord>();
  /** In the order in which they ended. */
  readonly #over = new Map<string, CallRecord>();

  constructor(params: CallRecordsParams = {}) {
    this.#maxOver = params.maxOver ?? MAX_OVER;
    this.#write = params.numbers === 'Shortened' ? shortenNumber : (number) => number;
  }

  get size(): number {
    return this.#running.size + this.#over.size;
  }

  /** It runs until `ended`: as many as the limit of calls lets in. */
  started(record: CallRecord): void {
    this.#running.set(record.id, record);
  }

  /** The record itself says how. */
  ended(record: CallRecord): void {
    if (!this.#running.delete(record.id)) return;
    this.#over.set(record.id, record);
    if (this.#over.size <= this.#maxOver) return;
    for (const oldest of this.#over.keys()) {
      this.#over.delete(oldest);
      return;
    }
  }

  /** A copy as it is now. */
  get(id: string): CallRecord | undefined {
    const record = this.#running.get(id) ?? this.#over.get(id);
    return record && this.#copy(record);
  }

  /** The one that started last, running or over. */
  newest(): CallRecord | undefined {
    let newest: CallRecord | undefined;
    for (const records of [this.#over, this.#running])
      for (const record of records.values())
        if (newest === undefined || record.startedAtMs >= newest.startedAtMs) newest = record;
    return newest && this.#copy(newest);
  }

  get running(): number {
    return this.#running.size;
  }

  /** Copies: those that run, the one that started last first, then those that are over, the one that ended last first. */
  list(atMost: number): CallRecord[] {
    const running = lastOf(this.#running, atMost);
    return [...running, ...lastOf(this.#over, atMost - running.length)].map((record) => this.#copy(record));
  }

  #copy(record: CallRecord): CallRecord {
    return {
      ...record,
      caller: this.#write(record.caller),
      called: this.#write(record.called),
      callIds: record.callIds.slice(0, MAX_CALL_IDS),
    };
  }
}

/** The last one first. */
function lastOf(records: ReadonlyMap<string, CallRecord>, count: number): CallRecord[] {
  return count < 1 ? [] : [...records.values()].slice(-count).reverse();
}

/** `+498912345678` becomes `+49891234xxxx`; of a short number nothing but its length stays. */
export function shortenNumber(number: string): string {
  const characters = number.split('');
  let blanked = 0;
  for (let index = characters.length - 1; index >= 0 && blanked < BLANKED_DIGITS; index -= 1) {
    if (!isDigit(characters[index])) continue;
    characters[index] = 'x';
    blanked += 1;
  }
  return characters.join('');
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
