/** What `teams-simulator` does: serves, places a call, plays scripts. Each returns the exit code. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError, type Arguments } from './arguments.ts';
import { certificatesIn, type Certificates } from './certificates.ts';
import { line, type Noted, type Recorded } from './log.ts';
import { examine, requirements, table, withoutKeys, type Finding } from './requirements/examine.ts';
import { runScript } from './script/script-run.ts';
import { readScript } from './script/script.ts';
import { ANSWERS, readTenants } from './settings.ts';
import type { TeamsCall } from './teams-call.ts';
import { TeamsSimulator } from './teams-simulator.ts';
import { takeCall } from './user.ts';
import { callAlong } from './voice-route.ts';

/** What a command is given besides its arguments. */
export interface Surroundings {
  readonly write: (text: string) => void;
  /** Resolves when the user wants it to end. */
  readonly interrupted: Promise<void>;
}

export class Commands {
  readonly #args: Arguments;
  readonly #around: Surroundings;

  constructor(args: Arguments, around: Surroundings) {
    this.#args = args;
    this.#around = around;
  }

  async run(): Promise<number> {
    const { command } = this.#args;
    if (command === 'requirements') return this.#requirements();
    const simulator = await this.#start();
    try {
      const code = await Promise.race([this.#act(simulator), this.#around.interrupted.then(() => 0)]);
      return this.#report(simulator, code);
    } finally {
      // What its own end does is no news: the report is the last that is said.
      simulator.log.onEntry = undefined;
      await simulator.stop();
    }
  }

  async #act(simulator: TeamsSimulator): Promise<number> {
    const { command } = this.#args;
    if (command === 'serve') await this.#around.interrupted;
    else await this.#optionsHaveCome(simulator);
    if (command === 'call') return this.#call(simulator);
    if (command === 'script') return this.#scripts(simulator);
    return 0;
  }

  // ---- commands

  #requirements(): number {
    for (const { id, demand } of requirements) this.#print('requirement', { id, demand }, `${id.padEnd(5)} ${demand}`);
    return 0;
  }

  async #call(simulator: TeamsSimulator): Promise<number> {
    const { sbc = '', to = '', from } = this.#args;
    try {
      const caller = from === undefined ? {} : { from };
      const call = await callAlong(simulator, { sbcs: sbc.split(',') }, { to, ...caller });
      await call.answered;
      await this.#talk(call);
      this.#print('answered', { callId: call.callId }, 'answered and ended');
      return 0;
    } catch (error) {
      this.#print('failed', { reason: String(error) }, `failed: ${wordsOf(error)}`);
      return 1;
    }
  }

  async #talk(call: TeamsCall): Promise<void> {
    const { talkMs, holdMs, refers } = this.#args;
    await sleep(talkMs);
    if (holdMs > 0) {
      await call.hold();
      await sleep(holdMs);
      await call.resume();
    }
    if (!refers) return call.bye();
    const transfer = call.refer();
    const accepted = await transfer.accepted;
    if (accepted >= 300) throw new Error(`The SBC answered ${accepted} to REFER`);
    const status = await transfer.reported;
    this.#print('transferred', { status, faults: transfer.faults }, `transferred: ${transfer.reports.join(', ')}`);
    if (status >= 300) await call.bye();
    if (transfer.faults.length > 0) throw new Error(transfer.faults.join('; '));
  }

  async #scripts(simulator: TeamsSimulator): Promise<number> {
    const { files, sbc = '', to, variables, promptPatienceMs } = this.#args;
    let code = 0;
    for (const file of files) {
      const report = await runScript(readScript(readText(file, 'script')), {
        simulator,
        variables: { sbc, ...(to === undefined ? {} : { number: to }), ...variables },
        promptPatienceMs,
        onPrompt: (name, words) => this.#print('prompt', { name, words }, `>>> ${words}`),
      });
      const { name, isPassed, failure } = report;
      const words = isPassed ? 'passed' : `failed: ${failure ?? ''}`;
      this.#print('script', { file, name, isPassed, failure }, `${basename(file)}: ${words}`);
      if (!isPassed) code = 1;
    }
    return code;
  }

  /** To every data centre, or the time is over. An SBC that ran before this program sends them when its minute is over. */
  async #optionsHaveCome({ log }: TeamsSimulator): Promise<void> {
    const { dataCentres, waitMs } = this.#args;
    if (waitMs === 0) return;
    this.#print('waiting', { atMostMs: waitMs }, `waits for the SBC's OPTIONS, at most ${waitMs / 1000} s`);
    const isOptions = ({ direction, message }: Recorded) => direction === 'received' && message.method === 'OPTIONS';
    const arrivals = dataCentres.map(({ host }) =>
      log.waitFor((entry) => entry.dataCentre === host && isOptions(entry), waitMs),
    );
    await Promise.allSettled(arrivals);
  }

  #report(simulator: TeamsSimulator, code: number): number {
    if (!this.#args.reports) return code;
    const hosts = this.#args.dataCentres.map(({ host }) => host);
    const findings: readonly Finding[] = examine(simulator.log, hosts);
    this.#print('report', { findings, forgotten: simulator.log.forgotten }, `\n${table(findings)}`);
    return findings.some(({ verdict }) => verdict === 'broken') ? 1 : code;
  }

  // ---- the simulator

  async #start(): Promise<TeamsSimulator> {
    const [first, ...others] = this.#args.dataCentres;
    if (!first) throw new UsageError('--data-centre is missing');
    this.#mustHaveTarget();
    const { identity, trust, isNew } = await this.#certificates();
    if (isNew) this.#print('certificates', {}, `made certificates in ${this.#args.certificates ?? ''}`);
    const { media, optionsPeriodMs, healthWindowMs, settings, hosts } = this.#args;
    const simulator = new TeamsSimulator({
      dataCentres: [first, ...others],
      identity,
      trust,
      hosts,
      isStrict: !this.#args.isLenient,
      demotion: this.#args.refusesDemoted ? 'Refused' : 'TriedLast',
      ...(media === undefined ? {} : { media }),
      ...(optionsPeriodMs === undefined ? {} : { optionsPeriodMs }),
      ...(healthWindowMs === undefined ? {} : { healthWindowMs }),
      ...(settings === undefined ? {} : { tenants: tenantsIn(settings) }),
    });
    const { reject, answerAfterMs } = this.#args;
    if (reject !== undefined) simulator.onCall = (call) => takeCall(call, { kind: 'Refuses', status: reject });
    else if (answerAfterMs !== undefined)
      simulator.onCall = (call) => takeCall(call, { ...ANSWERS, afterMs: answerAfterMs });
    simulator.log.onEntry = (entry) => this.#printEntry(entry);
    try {
      await simulator.start();
    } catch (error) {
      await simulator.stop();
      throw new Error(`Cannot listen: ${wordsOf(error)}`, { cause: error });
    }
    this.#print('ready', {}, 'ready');
    return simulator;
  }

  #mustHaveTarget(): void {
    const { command, sbc, to, files } = this.#args;
    if (command === 'call' && (sbc === undefined || to === undefined))
      throw new UsageError('call needs --sbc and --to');
    if (command !== 'script') return;
    if (sbc === undefined || files.length === 0) throw new UsageError('script needs --sbc and a FILE');
    for (const file of files) {
      try {
        readScript(readText(file, 'script'));
      } catch (error) {
        throw new UsageError(`${file}: ${wordsOf(error)}`);
      }
    }
  }

  async #certificates(): Promise<Certificates> {
    const { certificates, cert, key, ca, hosts, sbc } = this.#args;
    if (certificates !== undefined) {
      const names = [...(sbc ?? '').split(',').flatMap((each) => each.split(':')[0] || []), ...Object.keys(hosts)];
      return certificatesIn(certificates, [...new Set(names)]);
    }
    if (cert === undefined || key === undefined || ca === undefined)
      throw new UsageError('--certificates, or --cert, --key and --ca, are missing');
    const identity = { certificate: readText(cert, '--cert'), key: readText(key, '--key') };
    return { identity, trust: readText(ca, '--ca'), isNew: false };
  }

  // ---- output

  #print(event: string, facts: Readonly<Record<string, unknown>>, words: string): void {
    this.#around.write(this.#args.isJson ? `${JSON.stringify({ event, ...facts })}\n` : `${words}\n`);
  }

  #printEntry(entry: Recorded | Noted): void {
    if ('text' in entry) {
      const { message, text, ...facts } = entry;
      const { method, status } = message;
      this.#print('message', { ...facts, method, status, text: withoutKeys(text) }, line(entry));
      return;
    }
    const { atMs, kind, dataCentre, detail } = entry;
    this.#print(kind, { ...entry }, `${String(atMs).padStart(7)} ms  ${dataCentre}  ${kind}: ${detail}`);
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function tenantsIn(file: string) {
  try {
    return readTenants(readText(file, '--settings'));
  } catch (error) {
    throw new UsageError(`${file}: ${wordsOf(error)}`);
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, what.startsWith('--') && what !== '--settings' ? 'latin1' : 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read ${what}: ${wordsOf(error)}`);
  }
}
