/** What went over the virtual wires so far, one line a message: printed when a scenario fails. */

export interface Rung {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  /** `INVITE`, `180 (INVITE)`, `offer`. */
  readonly title: string;
  /** `lost`, `again`, `connection closed`. */
  readonly remark?: string;
}

export class Ladder {
  readonly rungs: Rung[] = [];
  /** False in runs of very many calls: nothing is written down, and nothing is kept. */
  readonly isKept: boolean;

  constructor(isKept = true) {
    this.isKept = isKept;
  }

  add(rung: Rung): void {
    if (this.isKept) this.rungs.push(rung);
  }

  toString(): string {
    const width = Math.max(5, ...this.rungs.map((rung) => rung.from.length));
    const lines = this.rungs.map(({ atMs, from, to, title, remark }) => {
      const end = remark === undefined ? '' : `  (${remark})`;
      return `${String(atMs).padStart(8)} ms  ${from.padEnd(width)} -> ${to.padEnd(width)}  ${title}${end}`;
    });
    return lines.join('\n');
  }

  /** A failure of the scenario, with the ladder under it. */
  failure(words: string): Error {
    return new Error(`${words}\n${this.toString()}\n`);
  }
}
