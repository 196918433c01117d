/**
 * What a process that is started after this one must know, written down as it changes: batched, never waited for, and
 * written anew where more of it is history than holds.
 */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Log } from '../kernel/log.ts';
import type { JournalFile, NextJournalFile } from './journal-file.ts';
import { endLine, journalHead, putLine } from './journal-text.ts';

export interface JournalEntry {
  readonly id: string;
  /** Goes into JSON as it is. Undefined: not now; what was written before holds. */
  snapshot(): unknown;
}

export interface JournalParams {
  readonly clock: Clock;
  readonly log: Log;
  readonly file: JournalFile;
  /** Resolves once the loop has served the others. */
  readonly nextTurn: () => Promise<unknown>;
  readonly limits?: Partial<JournalLimits>;
}

export interface JournalLimits {
  /** A longer one is not kept: its entry would be lost in a crash. The file holds at most three times the entries, and the slack. */
  readonly maxEntryOctets: number;
  /** Octets of history that are not worth writing anew. */
  readonly slackOctets: number;
}

const journalLimits: JournalLimits = { maxEntryOctets: 20_480, slackOctets: 1_048_576 };
/** A crash loses what changed within this time. */
const BATCH_MS = 50;
const AGAIN_AFTER_MS = 5000;
/** So many times what holds, and the slack, the file may be: half an entry is written anew for each one that ends. */
const MOST_OF_LIVE = 3;
/** Snapshots in one turn of the loop: some tenths of a millisecond. */
const SLICE = 25;

export class Journal {
  readonly #params: JournalParams;
  readonly #limits: JournalLimits;
  /** What is in the file, or will be. */
  readonly #entries = new Map<string, JournalEntry>();
  /** Of those in the file, octets of the line. */
  readonly #written = new Map<string, number>();
  #changed = new Map<string, JournalEntry>();
  #over: string[] = [];
  /** All lines that hold, and all lines. */
  #liveOctets = 0;
  #fileOctets = 0;
  /** Nothing of an earlier process stays, and nothing half written. */
  #mustBeginAnew = true;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #hasFailed = false;
  #isClosed = false;

  constructor(params: JournalParams) {
    this.#params = params;
    this.#limits = { ...journalLimits, ...params.limits };
  }

  /** Octets of the file. */
  get size(): number {
    return this.#fileOctets;
  }

  /** False from the first write that fails until one succeeds. */
  get isWritable(): boolean {
    return !this.#hasFailed;
  }

  changed(entry: JournalEntry): void {
    this.#changed.set(entry.id, entry);
    this.#entries.set(entry.id, entry);
    this.#soon(BATCH_MS);
  }

  over(id: string): void {
    this.#changed.delete(id);
    this.#entries.delete(id);
    // In the file of an earlier process it may stand as well.
    if (!this.#written.has(id) && this.#writing === undefined && !this.#mustBeginAnew) return;
    this.#over.push(id);
    this.#soon(BATCH_MS);
  }

  /** Writes what is left; a journal without entries leaves no file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== undefined) this.#params.clock.cancel(this.#timer);
    this.#timer = undefined;
    await this.#writing;
    if (this.#entries.size > 0) await this.#write();
    else this.#params.file.remove();
  }

  #soon(afterMs: number): void {
    if (this.#timer !== undefined || this.#writing !== undefined || this.#isClosed) return;
    this.#timer = this.#params.clock.after(afterMs, () => {
      this.#timer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        const isDue = this.#hasFailed || this.#changed.size + this.#over.length > 0;
        if (isDue) this.#soon(this.#hasFailed ? AGAIN_AFTER_MS : BATCH_MS);
      });
    });
  }

  async #write(): Promise<void> {
    try {
      const isHistory = this.#fileOctets > MOST_OF_LIVE * this.#liveOctets + this.#limits.slackOctets;
      if (this.#mustBeginAnew || isHistory) await this.#beginAnew();
      else await this.#append(this.#lines());
      if (this.#hasFailed) this.#params.log.info('The journal of calls is written again');
      this.#hasFailed = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #append(text: string): Promise<void> {
    if (text === '') return;
    // What is half written when this fails must not stay.
    this.#mustBeginAnew = true;
    await this.#params.file.append(text);
    this.#mustBeginAnew = false;
  }

  /** What has changed since the last time, as lines. */
  #lines(): string {
    let text = '';
    for (const id of this.#over.splice(0)) text += this.#end(id);
    const changed = this.#changed;
    this.#changed = new Map();
    for (const entry of changed.values()) text += this.#put(entry);
    return text;
  }

  #put(entry: JournalEntry): string {
    const snapshot = entry.snapshot();
    if (snapshot === undefined) return '';
    const line = putLine(entry.id, snapshot);
    // What a peer says in UTF-8 has more octets in the file than characters here, and the volume has a limit.
    const octets = Buffer.byteLength(line);
    if (octets > this.#limits.maxEntryOctets) return this.#end(entry.id);
    this.#count(entry.id, octets);
    return line;
  }

  #end(id: string): string {
    if (!this.#written.has(id)) return '';
    this.#count(id, 0);
    const line = endLine(id);
    this.#fileOctets += line.length;
    return line;
  }

  #count(id: string, octets: number): void {
    this.#liveOctets += octets - (this.#written.get(id) ?? 0);
    this.#fileOctets += octets;
    if (octets > 0) this.#written.set(id, octets);
    else this.#written.delete(id);
  }

  /** The old file holds until the new one is whole. What changes meanwhile follows in the new one. */
  async #beginAnew(): Promise<void> {
    const next = await this.#params.file.begin();
    try {
      await this.#fill(next);
      await next.finish();
      this.#mustBeginAnew = false;
    } catch (error) {
      await next.abandon().catch(() => undefined);
      throw error;
    }
  }

  async #fill(next: NextJournalFile): Promise<void> {
    this.#written.clear();
    this.#liveOctets = 0;
    this.#fileOctets = journalHead().length;
    await next.append(journalHead());
    const entries = [...this.#entries.values()];
    this.#changed.clear();
    this.#over.length = 0;
    for (let at = 0; at < entries.length; at += SLICE) {
      let text = '';
      for (const entry of entries.slice(at, at + SLICE)) if (this.#entries.has(entry.id)) text += this.#put(entry);
      await next.append(text);
      await this.#params.nextTurn();
    }
    await next.append(this.#lines());
  }

  #failed(error: unknown): void {
    this.#mustBeginAnew = true;
    if (!this.#hasFailed)
      this.#params.log.warn('Cannot write the journal of calls: a crash of this process would end them', {
        error: error instanceof Error ? error.message : String(error),
      });
    this.#hasFailed = true;
    // The next try writes all that holds: ends, of which there is no limit in a day, need not be kept until it succeeds.
    this.#over.length = 0;
    this.#changed.clear();
  }
}
