/**
 * OPTIONS to every target of every trunk: exactly one sender for each, spread out so that neither a restart nor a long life
 * brings all of them together (RFC 3261 §11; teams-direct-routing O-03…O-05).
 */
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Random } from '../kernel/random.ts';
import type { Hop } from '../sip/hop.ts';
import { Headers } from '../sip/headers.ts';
import { Request, type Response } from '../sip/message.ts';
import { retryAfterSeconds } from '../sip/retry-after.ts';
import type { ClientTransactionUser, TransactionFailure, Transactions } from '../transaction/transaction-user.ts';

export interface Probe {
  readonly target: Hop;
  readonly periodSeconds: number;
  /** The OPTIONS without Via, Call-ID, CSeq and From tag. */
  readonly request: () => Request;
}

export type ProbeResult =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfterSeconds: number | undefined }
  | { readonly kind: 'silent' }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface OptionsProberDeps {
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly random: Random;
  readonly onResult: (target: Hop, result: ProbeResult, periodSeconds: number) => void;
  /** Before `onResult`, where the answer is a refusal. @default nobody is told */
  readonly onRefused?: (target: Hop, method: string, response: Response) => void;
}

interface Running {
  probe: Probe;
  timer: Timer | undefined;
  /** 0: none was sent. */
  sequence: number;
  sentAtMs: number;
  readonly callId: string;
  readonly tag: string;
}

/** The first probe of each target leaves within this time, so that a fresh pod is known to Microsoft quickly; */
const START_SPREAD_MS = 2000;
/** later where more start together: one every so many milliseconds. */
const START_APART_MS = 20;
/**
 * Teams: 60 to 180 seconds apart, as it counts them. A name to look up or a handshake delays one and not the next, so a
 * period stands off its bound by this part of itself, and as much again at random.
 */
const MARGIN_PART = 60;
/** Periods below are drawn out, the others cut short. */
const MIDDLE_SECONDS = 120;

export class OptionsProber {
  readonly #deps: OptionsProberDeps;
  readonly #running = new Map<string, Running>();

  constructor(deps: OptionsProberDeps) {
    this.#deps = deps;
  }

  /** Targets that stay keep their rhythm; others start or stop. */
  apply(probes: readonly Probe[]): void {
    const wanted = new Map(probes.filter((probe) => probe.periodSeconds > 0).map((probe) => [keyOf(probe), probe]));
    for (const [key, running] of this.#running) {
      if (!wanted.has(key)) this.#stop(key, running);
    }
    const starting: [string, Probe][] = [];
    for (const [key, probe] of wanted) {
      const running = this.#running.get(key);
      if (running) this.#renew(running, probe);
      else starting.push([key, probe]);
    }
    const spreadMs = Math.max(START_SPREAD_MS, starting.length * START_APART_MS);
    for (const [key, probe] of starting) this.#start(key, probe, spreadMs);
  }

  /** Draining: Microsoft demotes an SBC that falls silent (teams-direct-routing O-07). */
  stop(): void {
    for (const [key, running] of this.#running) this.#stop(key, running);
  }

  #start(key: string, probe: Probe, spreadMs: number): void {
    const { clock, random } = this.#deps;
    const ids = { callId: random.token(), tag: random.token() };
    const running: Running = { probe, timer: undefined, sequence: 0, sentAtMs: 0, ...ids };
    this.#running.set(key, running);
    running.timer = clock.after(random.below(spreadMs), () => this.#send(running));
  }

  /** Another period counts from the last OPTIONS: a new document is no reason to ask twice in a minute. */
  #renew(running: Running, probe: Probe): void {
    const { clock } = this.#deps;
    const isSame = running.probe.periodSeconds === probe.periodSeconds;
    running.probe = probe;
    if (isSame || running.sequence === 0) return;
    if (running.timer) clock.cancel(running.timer);
    const dueMs = running.sentAtMs + this.#pauseMs(probe.periodSeconds);
    running.timer = clock.after(Math.max(0, dueMs - clock.nowMs()), () => this.#send(running));
  }

  #stop(key: string, running: Running): void {
    if (running.timer) this.#deps.clock.cancel(running.timer);
    this.#running.delete(key);
  }

  #send(running: Running): void {
    const { probe } = running;
    running.timer = this.#deps.clock.after(this.#pauseMs(probe.periodSeconds), () => this.#send(running));
    running.sequence += 1;
    running.sentAtMs = this.#deps.clock.nowMs();
    const request = numbered(probe.request(), running);
    this.#deps.transactions.request(request, probe.target, new ProbeUser(probe, this.#deps));
  }

  #pauseMs(periodSeconds: number): number {
    const periodMs = periodSeconds * 1000;
    const marginMs = Math.ceil(periodMs / MARGIN_PART);
    const offMs = marginMs + this.#deps.random.below(marginMs);
    return periodSeconds < MIDDLE_SECONDS ? periodMs + offMs : periodMs - offMs;
  }
}

function numbered(request: Request, running: Running): Request {
  const headers = Headers.from(request.headers);
  headers.set('From', `${request.headers.get('From') ?? ''};tag=${running.tag}`);
  headers.append('Call-ID', running.callId);
  headers.append('CSeq', `${running.sequence} OPTIONS`);
  return new Request(request.method, request.uri, headers);
}

class ProbeUser implements ClientTransactionUser {
  readonly #probe: Probe;
  readonly #deps: Pick<OptionsProberDeps, 'onResult' | 'onRefused'>;

  constructor(probe: Probe, deps: Pick<OptionsProberDeps, 'onResult' | 'onRefused'>) {
    this.#probe = probe;
    this.#deps = deps;
  }

  onResponse(response: Response): void {
    if (response.status < 200) return;
    const { status } = response;
    if (status >= 300) this.#deps.onRefused?.(this.#probe.target, 'OPTIONS', response);
    this.#report({ kind: 'answered', status, retryAfterSeconds: retryAfterSeconds(response) });
  }

  onFailure(failure: TransactionFailure): void {
    this.#report(failure.kind === 'transport' ? { kind: 'unreachable', reason: failure.reason } : { kind: 'silent' });
  }

  #report(result: ProbeResult): void {
    this.#deps.onResult(this.#probe.target, result, this.#probe.periodSeconds);
  }
}

function keyOf(probe: Probe): string {
  const { trunk, listener, protocol, host, port, sentBy } = probe.target;
  return `${trunk} ${listener} ${protocol} ${host}:${port ?? ''} ${sentBy}`;
}
