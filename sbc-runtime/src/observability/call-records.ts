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
  /** The oldest record goes when one more comes, running or over. @default 1000 */
  readonly maxCalls?: number;
  /** `Shortened` blanks the last four digits of each number where records are read. @default 'Full' */
  readonly numbers?: 'Full' | 'Shortened';
}

const MAX_CALLS = 1000;
/** Transfers and failed attempts add legs; a reader sees these. */
const MAX_CALL_IDS = 32;
const BLANKED_DIGITS = 4;

export class CallRecords {
  readonly #maxCalls: number;
  readonly #write: (number: string) => string;
  /** In the order in which they started. */
  readonly #records = new Map<string, CallRecord>();

  constructor(params: CallRecordsParams = {}) {
    this.#maxCalls = params.maxCalls ?? MAX_CALLS;
    this.#write = params.numbers === 'Shortened' ? shortenNumber : (number) => number;
  }

  get size(): number {
    return this.#records.size;
  }

  started(record: CallRecord): void {
    this.#records.set(record.id, record);
    if (this.#records.size <= this.#maxCalls) return;
    for (const oldest of this.#records.keys()) {
      this.#records.delete(oldest);
      return;
    }
  }

  /** The record itself says how; one that was pushed out meanwhile stays out. */
  ended(record: CallRecord): void {
    if (this.#records.has(record.id)) this.#records.set(record.id, record);
  }

  /** A copy as it is now. */
  get(id: string): CallRecord | undefined {
    const record = this.#records.get(id);
    return record && this.#copy(record);
  }

  /** Copies, the newest first. */
  recent(count = this.#maxCalls): CallRecord[] {
    if (count < 1) return [];
    const newest = [...this.#records.values()].slice(-count).reverse();
    return newest.map((record) => this.#copy(record));
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
