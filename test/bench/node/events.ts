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

type Cell = (figure: EventFigure) => string;

/** The titles and what stands under them. */
const columns: readonly (readonly [string, Cell])[] = [
  ['event', ({ event }) => event],
  ['calls held', ({ calls }) => whole(calls)],
  ['of them ended', ({ ended }) => whole(ended)],
  ['longest gap (own lateness)', gap],
  ['packets lost', ({ lost }) => whole(lost)],
  ['new calls', ({ newCalls, attempts, of: tried }) => whole(newCalls ?? attempts ?? tried)],
  ['of them refused', ({ refused }) => whole(refused)],
  ['slowest answer', (figure) => milliseconds(figure['longestSetupMs'] ?? figure['slowestAnswerMs'])],
  ['else', inWords],
];

/** Names of what only some events measure, in words that follow or precede the figure. */
const phrases: Readonly<Record<string, (value: string) => string>> = {
  tookMs: (value) => `took ${value}`,
  tookSeconds: (value) => `took ${value}`,
  inForceAfterMs: (value) => `in force after ${value}`,
  programmedAfterMs: (value) => `Programmed after ${value}`,
  servedAfterMs: (value) => `shown by the pod after ${value}`,
  issuedMs: (value) => `issued after ${value}`,
  renewedMs: (value) => `issued after ${value}`,
  bothTrustedMs: (value) => `both trusted after ${value}`,
  oldGoneMs: (value) => `the old one gone after ${value}`,
  newCallMs: (value) => `first call that was answered began after ${value}`,
  firstCallMs: (value) => `first new call answered after ${value}`,
  firstAnsweredAfterMs: (value) => `first new call answered after ${value}`,
  firstTakenBeganMs: (value) => `first call that was taken began after ${value}`,
  firstTakenTookMs: (value) => `it was answered ${value} later`,
  overload: (value) => `${value} refused by overload`,
  callsAgainSeconds: (value) => `the pod that went takes calls again after ${value}`,
  toldMs: (value) => `BYE after ${value}`,
  toldToEitherSide: (value) => `BYEs: ${value}`,
  passedOn: (value) => `${value} taken by the other pod`,
  backSeconds: (value) => `pod back after ${value}`,
  readySeconds: (value) => `pod Ready after ${value}`,
  drainedSeconds: (value) => `pod gone ${value} after its last call`,
  drainSeconds: (value) => `last call ended after ${value}`,
  goneSeconds: (value) => `pod gone after ${value}`,
  boundSeconds: (value) => `bound ${value}`,
  endedSeconds: (value) => `calls ended after ${value}`,
  optionsAfterSeconds: (value) => `after ${value}`,
  leaderAfterSeconds: (value) => `next leader after ${value}`,
  changeSeconds: (value) => `address changed in ${value}`,
  saidSeconds: (value) => `told by the status after ${value}`,
  givenUpSeconds: (value) => `given up after ${value}`,
  upgradedMs: (value) => `took ${value}`,
  refusedOfTheCut: (value) => `${value} refused while it was cut`,
  silentSeconds: (value) => `${value} of silence, added up over all directions`,
};

/** The table of events in Markdown. What the guide's test timed of its own commands is not an event. */
export function eventTable(figures: readonly EventFigure[]): string {
  const head = `| ${columns.map(([title]) => title).join(' | ')} |\n|${columns.map(() => '---|').join('')}`;
  const rows = figures
    .filter(({ event }) => !event.startsWith('guide: '))
    .map((figure) => ({ event: figure.event, cells: columns.map(([, cell]) => cell(figure)) }))
    .filter(({ cells }) => cells.slice(1).some((cell) => cell !== ''))
    .map(({ cells }) => `| ${cells.join(' | ')} |`);
  return [head, ...rows].join('\n');
}

function gap({ maxGapMs, ownLatenessMs }: EventFigure): string {
  const own = milliseconds(ownLatenessMs);
  return `${milliseconds(maxGapMs)}${own === '' ? '' : ` (${own})`}`;
}

function inWords(figure: EventFigure): string {
  return Object.entries(phrases)
    .flatMap(([name, phrase]) => {
      const value = figure[name];
      return typeof value === 'number' && (value !== 0 || name === 'toldToEitherSide')
        ? [phrase(withUnit(name, value))]
        : [];
    })
    .join(', ');
}

function withUnit(name: string, value: number): string {
  if (name.endsWith('Seconds')) return `${value.toFixed(1)} s`;
  if (!name.endsWith('Ms')) return String(value);
  return value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(1)} s`;
}

const whole = (value: unknown): string => (typeof value === 'number' ? String(value) : '');
const milliseconds = (value: unknown): string => (typeof value === 'number' ? `${value.toFixed(0)} ms` : '');
