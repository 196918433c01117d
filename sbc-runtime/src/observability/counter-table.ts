/**
 * Counters that cost an addition: the numbers are kept here and handed to prom-client when somebody scrapes. Its own
 * `inc` validates and hashes its labels each time, several times for every SIP message.
 */
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';

/** One series. */
export interface Cell {
  count: number;
}

export interface CounterParams {
  readonly name: string;
  readonly help: string;
  /** The label that `cell`'s first argument is for, then the others. */
  readonly labels: readonly [string, ...string[]];
}

/** More series than this are counted together under `other`: label values may come from a peer or a configuration. */
const MAX_CELLS = 500;
const OTHER = 'other';

export class CounterTable {
  readonly #labels: readonly string[];
  readonly #cells = new Map<string, Map<string, Cell>>();
  #size = 0;

  constructor(registry: Registry, params: CounterParams) {
    this.#labels = params.labels;
    const hand = (counter: Counter): void => {
      this.#handTo(counter);
    };
    new Counter({
      name: params.name,
      help: params.help,
      labelNames: [...params.labels],
      registers: [registry],
      collect() {
        hand(this);
      },
    });
  }

  /** The series with this first label; `rest` holds the values of the others, in order. Kept by the caller or looked up again. */
  cell(first: string, rest = ''): Cell {
    return this.#cells.get(first)?.get(rest) ?? this.#newCell(first, rest);
  }

  #newCell(first: string, rest: string): Cell {
    if (this.#size >= MAX_CELLS && first !== OTHER)
      return this.cell(OTHER, joinLabels(this.#labels.slice(1).map(() => OTHER)));
    const cells = this.#cells.get(first) ?? new Map<string, Cell>();
    const cell = { count: 0 };
    cells.set(rest, cell);
    this.#cells.set(first, cells);
    this.#size += 1;
    return cell;
  }

  #handTo(counter: Counter): void {
    counter.reset();
    for (const [first, cells] of this.#cells) {
      for (const [rest, { count }] of cells) counter.inc(this.#labelsOf(first, rest), count);
    }
  }

  #labelsOf(first: string, rest: string): Record<string, string> {
    const values = [first, ...rest.split(SEPARATOR)];
    return Object.fromEntries(this.#labels.map((label, index) => [label, values[index] ?? '']));
  }
}

const SEPARATOR = '\n';

/** The values of all labels but the first, as `cell` wants them. */
export function joinLabels(values: readonly string[]): string {
  return values.join(SEPARATOR);
}
