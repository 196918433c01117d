/** What the tests on real nodes measured in each event: of each figure the newest, from work/node-figures.jsonl. */
import { existsSync, readFileSync } from 'node:fs';

export interface EventFigure {
  readonly event: string;
  readonly [measured: string]: unknown;
}

export function newestOfEach(file: string): EventFigure[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const newest = new Map<string, EventFigure>();
  for (const line of lines) {
    const figure = JSON.parse(line) as EventFigure;
    newest.set(figure.event, { ...newest.get(figure.event), ...figure });
  }
  return [...newest.values()];
}

const shown: readonly (readonly [string, string])[] = [
  ['calls', 'calls'],
  ['ended', 'of them ended'],
  ['maxGapMs', 'longest gap, ms'],
  ['ownLatenessMs', 'own lateness, ms'],
  ['lost', 'packets lost'],
];

export function eventTable(figures: readonly EventFigure[]): string {
  const head = `| event | ${shown.map(([, title]) => title).join(' | ')} | else |\n|---|${shown.map(() => '---|').join('')}---|`;
  const known = new Set(['at', 'test', 'event', ...shown.map(([name]) => name)]);
  const rows = figures
    .filter(({ event }) => !event.startsWith('guide: '))
    .map((figure) => {
      const rest = Object.entries(figure)
        .filter(([name, value]) => !known.has(name) && typeof value === 'number')
        .map(([name, value]) => `${name} ${String(value)}`);
      return `| ${figure.event} | ${shown.map(([name]) => text(figure[name])).join(' | ')} | ${rest.join(', ')} |`;
    });
  return [head, ...rows].join('\n');
}

const text = (value: unknown): string => (typeof value === 'number' ? String(value) : '');
