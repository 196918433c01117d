/** Plays a script on a running simulator. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from 'sip';
import type { Arrival } from '../connection.ts';
import { examine, type Finding } from '../requirements/examine.ts';
import { parseTrunk, type MessageTaker, type TeamsSimulator } from '../teams-simulator.ts';
import { render } from '../wire.ts';
import { isWanted, problemOf, savedBy } from './expectation.ts';
import type { ExpectStep, Script, SendStep, Step } from './script.ts';
import { ScriptCall } from './script-call.ts';
import { Variables } from './variables.ts';

export interface ScriptUse {
  readonly simulator: TeamsSimulator;
  /** `sbc` (FQDN:port), `number` (at the PBX), `user` (at Teams), and the script's own. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the step after a prompt may take longer: people are slow. Default: 0. */
  readonly promptPatienceMs?: number;
  /** What somebody else must do: `pbx-calls`, `pbx-hangs-up`. */
  readonly onPrompt: (name: string, words: string) => Promise<void> | void;
}

export interface ScriptReport {
  readonly name: string;
  readonly isPassed: boolean;
  /** `step 4: expected 200, got 486 (INVITE)` */
  readonly failure?: string;
  readonly findings: readonly Finding[];
}

const OVER_MS = 300;

export async function runScript(script: Script, use: ScriptUse): Promise<ScriptReport> {
  const run = new ScriptRun(script, use);
  use.simulator.taker = run;
  let failure: string | undefined;
  try {
    await run.play();
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  } finally {
    await run.close();
    use.simulator.taker = undefined;
  }
  const hosts = use.simulator.dataCentres.map(({ host }) => host);
  const findings = examine(use.simulator.log, hosts);
  failure ??= unkept(script, findings);
  return {
    name: script.name,
    isPassed: failure === undefined,
    findings,
    ...(failure === undefined ? {} : { failure }),
  };
}

function unkept(script: Script, findings: readonly Finding[]): string | undefined {
  for (const id of script.kept) {
    const finding = findings.find((each) => each.id === id);
    if (finding?.verdict !== 'kept') return `${id} is ${finding?.verdict ?? 'unknown'}: ${finding?.why ?? ''}`;
  }
  return undefined;
}

class ScriptRun implements MessageTaker {
  readonly #script: Script;
  readonly #use: ScriptUse;
  readonly #variables: Variables;
  readonly #calls = new Map<string, ScriptCall>();
  #at = 0;
  #patienceMs = 0;
  #wake: () => void = () => undefined;

  constructor(script: Script, use: ScriptUse) {
    this.#script = script;
    this.#use = use;
    this.#variables = new Variables({ ...script.variables, ...use.variables });
  }

  async play(): Promise<void> {
    for (const step of this.#script.steps) {
      try {
        await this.#play(step);
      } catch (error) {
        throw new Error(`step ${this.#at + 1}: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        });
      }
      this.#at++;
    }
    await sleep(OVER_MS);
    const left = [...this.#calls.values()].flatMap(({ waiting }) => waiting).find(({ message }) => isStray(message));
    if (left) throw new Error(`nobody expected ${titleOf(left)}`);
  }

  async close(): Promise<void> {
    this.#use.simulator.optionsAnswer = { status: 200 };
    for (const call of this.#calls.values()) await call.close().catch(() => undefined);
    await sleep(OVER_MS);
  }

  async #play(step: Step): Promise<void> {
    const { simulator } = this.#use;
    switch (step.kind) {
      case 'send':
        return this.#send(step);
      case 'expect':
        return this.#expect(step);
      case 'wait':
        return sleep(step.ms);
      case 'prompt':
        this.#patienceMs = this.#use.promptPatienceMs ?? 0;
        return this.#use.onPrompt(step.name, this.#variables.fill(step.words));
      case 'options': {
        const headers = step.retryAfter === undefined ? {} : { 'retry-after': String(step.retryAfter) };
        simulator.optionsAnswer = { status: step.status, headers };
        return;
      }
      case 'lose':
        simulator.loseConnections();
        return;
      case 'trunk': {
        const standing = simulator.health.standing(parseTrunk(this.#variables.fill('${sbc}')).fqdn);
        if (standing !== step.standing) throw new Error(`the trunk is ${standing}, wanted ${step.standing}`);
      }
    }
  }

  async #send(step: SendStep): Promise<void> {
    const fill = (text: string) => this.#variables.fill(text);
    const headers = Object.fromEntries(
      Object.entries(step.headers).map(([name, value]) => [name, value === null ? undefined : fill(value)]),
    );
    const isStart = step.what === 'INVITE' && this.#call(step.call).callId === undefined;
    const target = isStart ? { sbc: fill('${sbc}'), to: fill(step.to ?? '${number}') } : {};
    const message = await this.#call(step.call).send(step, headers, target);
    if (step.as !== undefined) this.#variables.name(step.as, { message, text: render(message) });
  }

  async #expect(step: ExpectStep): Promise<void> {
    const call = this.#call(step.call);
    const found = await this.#find(step, call);
    if (!found) {
      if (step.isOptional || step.isForbidden) return;
      const heard = call.waiting.map(titleOf).join(', ') || 'nothing';
      throw new Error(`expected ${step.what} of ${call.name} within ${step.withinMs} ms, got ${heard}`);
    }
    if (step.isForbidden) throw new Error(`${titleOf(found)} came`);
    const problem = problemOf(step, found, { variables: this.#variables, before: call.remoteSdp });
    if (problem !== undefined) throw new Error(`${titleOf(found)}: ${problem}`);
    for (const [name, value] of Object.entries(savedBy(step, found))) this.#variables.set(name, value);
    if (step.as !== undefined) this.#variables.name(step.as, found);
    call.use(found);
  }

  async #find(step: ExpectStep, call: ScriptCall): Promise<Arrival | undefined> {
    const untilMs = performance.now() + step.withinMs + this.#patienceMs;
    this.#patienceMs = 0;
    for (;;) {
      const found = call.waiting.find((arrival) => isWanted(step.what, arrival));
      const isRefused = /^[12]/.test(step.what) && call.waiting.some(({ message }) => (message.status ?? 0) >= 300);
      const leftMs = untilMs - performance.now();
      if (found || isRefused || leftMs <= 0) return found;
      await this.#next(leftMs);
    }
  }

  /** Until something comes, or the time is over. */
  async #next(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), withinMs);
    this.#wake = () => resolve(undefined);
    await promise;
    clearTimeout(timer);
  }

  #call(name: string): ScriptCall {
    const known = this.#calls.get(name);
    if (known) return known;
    const made = new ScriptCall(name, this.#use.simulator);
    this.#calls.set(name, made);
    return made;
  }

  // ---- MessageTaker

  owns(callId: string): boolean {
    return [...this.#calls.values()].some((call) => call.callId === callId);
  }

  wantsInvite(): boolean {
    return this.#nextCall() !== undefined;
  }

  take(arrival: Arrival): void {
    const callId = arrival.message.headers['call-id'];
    const call = [...this.#calls.values()].find((each) => each.callId === callId) ?? this.#nextCall();
    call?.take(arrival);
    this.#wake();
  }

  /** The first call that a step from here on waits for and that has not begun. */
  #nextCall(): ScriptCall | undefined {
    const steps = this.#script.steps.slice(this.#at);
    const waits = steps.filter((step) => step.kind === 'expect' && step.what === 'INVITE') as ExpectStep[];
    const next = waits.find(({ call }) => this.#calls.get(call)?.callId === undefined);
    return next && this.#call(next.call);
  }
}

const titleOf = ({ message }: Arrival): string =>
  message.method ?? `${message.status ?? 0} (${message.headers.cseq.method})`;

/** Left over at the end: requests of the SBC that nobody asked for. */
const isStray = ({ method }: Message): boolean => method !== undefined && method !== 'ACK';
