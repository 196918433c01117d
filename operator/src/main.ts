/** `sbc`: composition root of the command line. The only file of this package that reads arguments and environment, or exits. */
import { statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from './kernel/clock.ts';
import { askCalls, askLadder, askStatus } from './local/command-ask.ts';
import { runLocal } from './local/command-local.ts';
import { plan, validate } from './local/command-plan.ts';
import type { CommandResult } from './local/command-plan.ts';
import { helpText } from './local/help.ts';
import { LocalError } from './local/local-error.ts';
import { eventJson, eventText } from './local/local-event.ts';
import { runDirectoryOf } from './local/run-directory.ts';

/** Documented in `sbc help`. */
const exitCodes = { ok: 0, problem: 1, usage: 2 } as const;
type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const options = {
  'run-directory': { type: 'string' },
  output: { type: 'string', short: 'o', default: 'text' },
  log: { type: 'string', default: 'file' },
  pod: { type: 'string' },
  messages: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

interface Call {
  readonly directory: string;
  readonly rest: readonly string[];
  readonly runDirectory: () => Promise<string>;
  readonly pod: string | undefined;
  readonly output: 'text' | 'json';
  readonly log: 'file' | 'inherit';
  readonly messages: boolean;
}

const commands: Readonly<
  Record<string, { readonly maxArguments: number; readonly run: (call: Call) => Promise<ExitCode> }>
> = {
  local: { maxArguments: 1, run: local },
  validate: { maxArguments: 1, run: async ({ directory }) => tell(await validate(directory, systemClock.wallMs())) },
  plan: { maxArguments: 1, run: async ({ directory }) => tell(await plan(directory)) },
  status: { maxArguments: 1, run: async (call) => say(await askStatus(await asked(call))) },
  calls: { maxArguments: 1, run: async (call) => say(await askCalls(await asked(call))) },
  ladder: {
    maxArguments: 2,
    run: async (call) => say(await askLadder(await asked(call), { call: call.rest[0], withMessages: call.messages })),
  },
};

async function main(argv: readonly string[]): Promise<ExitCode> {
  let parsed;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    return wrongUse(error instanceof Error ? error.message : String(error));
  }
  const { values } = parsed;
  const [name = 'help', directory, ...rest] = parsed.positionals;
  if (name === 'help' || values.help) return say([helpText]);
  const command = commands[name];
  if (command === undefined) return wrongUse(`There is no command '${name}'`);
  if (directory === undefined) return wrongUse(`'sbc ${name}' needs a DIRECTORY with manifests`);
  if (rest.length >= command.maxArguments)
    return wrongUse(`'sbc ${name}' takes ${String(command.maxArguments)} arguments at most`);
  const { log, messages, output, pod } = values;
  if (output !== 'text' && output !== 'json') return wrongUse(`--output is '${output}', allowed text or json`);
  if (log !== 'file' && log !== 'inherit') return wrongUse(`--log is '${log}', allowed file or inherit`);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new LocalError(`Cannot read ${directory}: there is no such directory`);
  }
  const place = { directory, override: values['run-directory'], temporary: tmpdir(), userId: userInfo().uid };
  return command.run({ directory, rest, output, log, messages, pod, runDirectory: () => runDirectoryOf(place) });
}

/** A reader that goes away (`| head`) must not end us and leave children behind. */
function ignoreClosedOutput(): void {
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
}

async function local({ directory, log, output, runDirectory }: Call): Promise<ExitCode> {
  ignoreClosedOutput();
  const result = await runLocal({
    directory,
    runDirectory: await runDirectory(),
    log,
    userId: userInfo().uid,
    ownPid: process.pid,
    machine: {
      node: process.execPath,
      runtimeEntry: process.env['SBC_RUNTIME_ENTRY'],
      path: process.env['PATH'] ?? '',
    },
    inherited: inheritedEnvironment(),
    clock: systemClock,
    report: (event) => void process.stdout.write(`${output === 'json' ? eventJson(event) : eventText(event)}\n`),
    onSignal: (callback) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, callback);
    },
  });
  if (result.kind === 'ended') return exitCodes.ok;
  return tell({ lines: [], problems: result.problems });
}

/** A container gets its own variables only; what a program needs to run on this machine comes on top. */
function inheritedEnvironment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_OPTIONS', 'NODE_NO_WARNINGS', 'NODE_V8_COVERAGE'];
  const inherited: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return inherited;
}

async function asked({ output, pod, runDirectory }: Call) {
  return { runDirectory: await runDirectory(), pod, output };
}

function tell({ lines, problems }: CommandResult): ExitCode {
  say(lines);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? exitCodes.ok : exitCodes.problem;
}

function say(lines: readonly string[]): ExitCode {
  for (const line of lines) process.stdout.write(`${line}\n`);
  return exitCodes.ok;
}

function wrongUse(message: string): ExitCode {
  process.stderr.write(`${message}. See 'sbc help'\n`);
  return exitCodes.usage;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message =
    error instanceof LocalError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${message}\n`);
  process.exitCode = exitCodes.problem;
}
