/** The command line of `teams-simulator` as values, or one line about what is wrong with it. */
import { parseArgs } from 'node:util';
import type { DataCentre } from './connection.ts';
import type { MediaAddress } from './media.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const many = { type: 'string', multiple: true } as const;

const OPTIONS = {
  'data-centre': many,
  certificates: text,
  cert: text,
  key: text,
  ca: text,
  host: many,
  settings: text,
  media: text,
  'options-period': text,
  'health-window': text,
  'refuse-demoted': flag,
  lenient: flag,
  'answer-after': text,
  reject: text,
  sbc: text,
  to: text,
  from: text,
  talk: text,
  hold: text,
  refer: flag,
  wait: text,
  set: many,
  'prompt-patience': text,
  output: text,
  report: flag,
  help: flag,
} as const;

/** Wrong use: exit code 2. */
export class UsageError extends Error {}

export interface Arguments {
  readonly command: 'help' | 'serve' | 'call' | 'script' | 'requirements';
  readonly files: readonly string[];
  readonly dataCentres: readonly DataCentre[];
  readonly certificates?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly hosts: Readonly<Record<string, string>>;
  readonly settings?: string;
  readonly media?: MediaAddress;
  readonly optionsPeriodMs?: number;
  readonly healthWindowMs?: number;
  readonly refusesDemoted: boolean;
  readonly isLenient: boolean;
  readonly answerAfterMs?: number;
  readonly reject?: number;
  readonly sbc?: string;
  readonly to?: string;
  readonly from?: string;
  readonly talkMs: number;
  readonly holdMs: number;
  readonly refers: boolean;
  /** At most, for the SBC's first OPTIONS. */
  readonly waitMs: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly promptPatienceMs: number;
  readonly isJson: boolean;
  readonly reports: boolean;
}

/** An SBC sends OPTIONS once a minute. */
const OPTIONS_WITHIN_MS = 70_000;
const COMMANDS = ['serve', 'call', 'script', 'requirements', 'help'] as const;

export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parsed(args);
  const [first, ...files] = positionals;
  const isHelp = values.help === true || args.length === 0;
  const command = isHelp ? 'help' : COMMANDS.find((each) => each === first);
  if (!command) throw new UsageError(`${first ?? 'nothing'} is none of ${COMMANDS.join(', ')}`);
  if (command !== 'script' && !isHelp && files.length > 0) throw new UsageError(`${files[0] ?? ''} is too much`);
  if (values.output !== undefined && !['text', 'json'].includes(values.output))
    throw new UsageError(`--output ${values.output} is neither text nor json`);
  const { certificates, cert, key, ca, settings, sbc, to, from } = values;
  return {
    command,
    files,
    dataCentres: (values['data-centre'] ?? []).map(dataCentre),
    hosts: pairs(values.host, '--host'),
    ...present({ certificates, cert, key, ca, settings, sbc, to, from }),
    ...present({
      media: values.media === undefined ? undefined : addressAndPort(values.media, 50_000),
      optionsPeriodMs: milliseconds(values, 'options-period'),
      healthWindowMs: milliseconds(values, 'health-window'),
      answerAfterMs: number(values, 'answer-after', 600_000),
      reject: number(values, 'reject', 699, 300),
    }),
    refusesDemoted: values['refuse-demoted'] === true,
    isLenient: values.lenient === true,
    talkMs: milliseconds(values, 'talk') ?? 2000,
    holdMs: milliseconds(values, 'hold') ?? 0,
    refers: values.refer === true,
    waitMs: milliseconds(values, 'wait') ?? OPTIONS_WITHIN_MS,
    variables: pairs(values.set, '--set'),
    promptPatienceMs: milliseconds(values, 'prompt-patience') ?? 60_000,
    isJson: values.output === 'json',
    reports: values.report === true,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

function number(values: Given, name: string, max: number, min = 0): number | undefined {
  const given = values[name];
  if (typeof given !== 'string') return undefined;
  const value = Number(given);
  if (given !== '' && value >= min && value <= max) return value;
  throw new UsageError(`--${name} ${given} is not a number from ${min} to ${max}`);
}

const milliseconds = (values: Given, name: string): number | undefined => {
  const seconds = number(values, name, 86_400);
  return seconds === undefined ? undefined : seconds * 1000;
};

function pairs(given: readonly string[] | undefined, option: string): Record<string, string> {
  return Object.fromEntries((given ?? []).map((each) => pair(each, option)));
}

function pair(given: string, option: string): readonly [string, string] {
  const at = given.indexOf('=');
  if (at > 0 && at < given.length - 1) return [given.slice(0, at), given.slice(at + 1)];
  throw new UsageError(`${option} ${given} is not NAME=VALUE`);
}

function dataCentre(given: string): DataCentre {
  const [host, at] = pair(given, '--data-centre');
  return { host, ...addressAndPort(at, 5061) };
}

function addressAndPort(given: string, fallback: number): MediaAddress {
  const [, address, port] = /^([\d.]+)(?::(\d{1,5}))?$/.exec(given) ?? [];
  if (address === undefined) throw new UsageError(`${given} is not an IPv4 ADDRESS[:PORT]`);
  return { address, port: Number(port ?? fallback) };
}

/** Without those that are undefined. */
function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
