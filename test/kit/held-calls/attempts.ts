/** A steady stream of short new calls: which of them are answered, how soon, and by which SBC where one passed them on. */
import type { CallEnd } from '../../teams-simulator/call-owner.ts';
import { field } from '../agent-text.ts';
import type { TeamsCall } from '../../teams-simulator/teams-call.ts';
import { callAlong } from '../../teams-simulator/voice-route.ts';
import type { CallEnds, From } from './call-ends.ts';
import { nowMs } from './media-words.ts';
import type { PbxCall } from './pbx-call.ts';

export interface AttemptOptions {
  readonly from: From;
  /** Those that may take a call. Teams tries healthy ones at random, the PBX in this order. */
  readonly sbcs: readonly string[];
  /** Between two new calls. @default 500 */
  readonly everyMs?: number;
  /** Nothing beyond 100 for that long sends a call to the next SBC. @default 10 000 from Teams, 4 000 from the PBX */
  readonly failoverMs?: number;
  /** How long an answered one lasts. @default 100 */
  readonly talkMs?: number;
}

/** An SBC that did not take it: a status, or what went wrong before there was one. */
export interface PassedOver {
  readonly sbc: string;
  readonly status?: number;
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
}

export interface Attempt {
  /** As `nowMs()` of media-words.ts. */
  readonly startedMs: number;
  /** To the answer, or to the end of all tries. */
  readonly tookMs: number;
  readonly isAnswered: boolean;
  /** The SBC that took it. */
  readonly by?: string;
  /** In the order in which they were tried. */
  readonly passedOver: readonly PassedOver[];
}

/** At most that is what a runtime says for which the processor is the limit; one that is full or leaves says 10 s. */
const SHED_SECONDS = 5;
const FAILOVER_CODES = [0, 408, 503, 504];
/** No call may ring longer: nobody rings here. */
const ANSWERED_WITHIN_MS = 15_000;
const MAX_OPEN = 200;
const MAX_ATTEMPTS = 100_000;

/** Nobody took it, and one that might have was short of processor time: the machine did that, whatever the others said. */
export function isShed({ isAnswered, passedOver }: Attempt): boolean {
  const isOverloaded = ({ status, retryAfterSeconds = Infinity }: PassedOver) =>
    status === 503 && retryAfterSeconds <= SHED_SECONDS;
  return !isAnswered && passedOver.some(isOverloaded);
}

interface Outcome {
  readonly by?: string;
  readonly hangUp?: () => Promise<unknown>;
}

export class Attempts {
  /** Those that are decided, in the order of their start. */
  readonly decided: Attempt[] = [];
  readonly #ends: CallEnds;
  readonly #options: AttemptOptions;
  readonly #open = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  /** Begins at once. */
  constructor(ends: CallEnds, options: AttemptOptions) {
    this.#ends = ends;
    this.#options = options;
    this.#timer = setInterval(() => this.#begin(), options.everyMs ?? 500);
    this.#begin();
  }

  /** Those that nobody answered, of all that began at or after `sinceMs`. */
  refused(sinceMs = 0): Attempt[] {
    return this.decided.filter(({ isAnswered, startedMs }) => !isAnswered && startedMs >= sinceMs);
  }

  answered(sinceMs = 0): Attempt[] {
    return this.decided.filter(({ isAnswered, startedMs }) => isAnswered && startedMs >= sinceMs);
  }

  /** No new ones; resolves when all that began are decided. */
  async stop(): Promise<Attempt[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return this.decided;
  }

  #begin(): void {
    if (this.#open.size >= MAX_OPEN || this.decided.length >= MAX_ATTEMPTS) return;
    const attempt = this.#attempt().finally(() => this.#open.delete(attempt));
    this.#open.add(attempt);
  }

  async #attempt(): Promise<void> {
    const startedMs = nowMs();
    const passedOver: PassedOver[] = [];
    const { by, hangUp } = await (this.#options.from === 'teams' ? this.#byTeams(passedOver) : this.#byPbx(passedOver));
    const isAnswered = by !== undefined;
    const tookMs = nowMs() - startedMs;
    this.decided.push({ startedMs, tookMs, isAnswered, passedOver, ...(by === undefined ? {} : { by }) });
    this.decided.sort((one, other) => one.startedMs - other.startedMs);
    if (!hangUp) return;
    await new Promise((resolve) => setTimeout(resolve, this.#options.talkMs ?? 100));
    await hangUp().catch(() => undefined);
  }

  async #byTeams(passedOver: PassedOver[]): Promise<Outcome> {
    const { sbcs, failoverMs = 10_000 } = this.#options;
    const [first = ''] = sbcs;
    const number = this.#ends.newNumber('teams');
    const onPassedOver = (sbc: string, why: CallEnd | Error) =>
      passedOver.push({ ...passedBy(sbc, why), ...this.#retryAfter(number, sbc) });
    const placed = this.#ends.placedByTeams(first, number);
    try {
      const call = await callAlong(this.#ends.simulator, { sbcs, failoverMs, onPassedOver }, placed);
      const sbc = sbcs.find((each) => (call.invite.uri ?? '').includes(`@${each}`)) ?? first;
      if (passedOver.some((each) => each.sbc === sbc)) return {};
      if (await isAnswered(call)) return { by: sbc, hangUp: () => call.bye() };
      passedOver.push(passedBy(sbc, call.state === 'Ended' ? await call.ended : new Error('Not answered')));
      if (call.state === 'Calling') void call.cancel().catch(() => undefined);
    } catch {
      // The last SBC could not be dialled: it was told of.
    }
    return {};
  }

  /** What the simulator's calls do not tell of their end. */
  #retryAfter(number: string, sbc: string): Pick<PassedOver, 'retryAfterSeconds'> {
    const refusals = this.#ends.simulator.log.received(503);
    const refusal = refusals.findLast(({ message }) => message.headers.to.uri.includes(`${number}@${sbc}`));
    const retryAfter = field(refusal?.text ?? '', 'Retry-After');
    return retryAfter === '' ? {} : { retryAfterSeconds: Number(retryAfter) };
  }

  async #byPbx(passedOver: PassedOver[]): Promise<Outcome> {
    const { sbcs, failoverMs = 4000 } = this.#options;
    const number = this.#ends.newNumber('pbx');
    for (const sbc of sbcs) {
      const call = this.#ends.placeFromPbx(sbc, number);
      if (await isAnswered(call, failoverMs)) return { by: sbc, hangUp: () => call.bye() };
      const end = call.state === 'Ended' ? await call.ended : undefined;
      call.cancel();
      passedOver.push(passedBy(sbc, end ?? new Error('Not answered')));
      if (end && !FAILOVER_CODES.includes(end.status ?? 0)) return {};
    }
    return {};
  }
}

async function isAnswered(call: TeamsCall | PbxCall, withinMs = ANSWERED_WITHIN_MS): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), withinMs);
  const answered = call.answered.then(
    () => true,
    () => false,
  );
  const verdict = await Promise.race([answered, late.promise]);
  clearTimeout(timer);
  return verdict;
}

function passedBy(sbc: string, why: Omit<PassedOver, 'sbc'> | Error): PassedOver {
  if (why instanceof Error) return { sbc, reason: why.message };
  const { status, reason, retryAfterSeconds } = why;
  return {
    sbc,
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}
