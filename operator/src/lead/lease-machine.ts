/**
 * Leader election on a Lease as a pure machine, after client-go's leaderelection.
 *
 *     start ──► Standby ──lease free, or unchanged for its whole duration as our clock saw it──► (write) ──► Leading
 *                  ▲ └──────────── retry every 2 s ◄────────────────────────┘ conflict                        │
 *                  │                                                        renewed every 2 s ◄───────────────┤
 *                                                     Over ◄── 10 s without a renewal, another holder, release┘
 *
 * The holder's clock is never compared with ours: what counts is when *we* saw `renewTime` change. A lease is held from the
 * moment before its write was sent, so the holder believes in it for less long than anybody else does.
 */
import type { Lease, LeaseSpec } from './lease.ts';
import { microTime } from './lease.ts';

export interface LeaseTimes {
  readonly durationMs: number;
  /** A leader that could not renew for so long stops; well before its lease runs out for others. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
}

export const leaseTimes: LeaseTimes = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** A moment on both clocks: monotonic time stands still while a virtual machine is suspended, wall time may be set back. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

/** What we know of the lease, and since when it has been so. */
interface Observation {
  readonly lease: Lease;
  readonly since: Moment;
}

export interface LeaseState {
  readonly role: 'standby' | 'leading' | 'over';
  readonly observed: Observation | undefined;
  /** A read or write is under way since then. */
  readonly asking: { readonly write: boolean; readonly since: Moment } | undefined;
  /** Given back as soon as the write that is under way has its answer: before, the API server would refuse it. */
  readonly isReleasing: boolean;
  /** Before the last write that succeeded was sent. Defined while leading. */
  readonly heldSince: Moment | undefined;
  readonly acquireTime: string;
}

export type LeaseEvent =
  | { readonly kind: 'start' }
  /** undefined: there is none. */
  | { readonly kind: 'read'; readonly lease: Lease | undefined }
  | { readonly kind: 'written'; readonly lease: Lease }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'release' };

export type LeaseEffect =
  | { readonly kind: 'read' }
  /** `resourceVersion` undefined: create it. */
  | { readonly kind: 'write'; readonly spec: LeaseSpec; readonly resourceVersion: string | undefined }
  /** Last word, whatever comes of it. */
  | { readonly kind: 'give-up'; readonly spec: LeaseSpec; readonly resourceVersion: string }
  | { readonly kind: 'start-timer'; readonly afterMs: number }
  | { readonly kind: 'stop-timer' }
  | { readonly kind: 'lead' }
  | { readonly kind: 'lost'; readonly reason: string };

export interface LeaseContext {
  readonly identity: string;
  readonly times: LeaseTimes;
  readonly at: Moment;
  /** At least 0, less than 1: standbys must not all come at once. */
  readonly chance: number;
}

export interface LeaseStep {
  readonly state: LeaseState;
  readonly effects: readonly LeaseEffect[];
}

export const initialLease: LeaseState = {
  role: 'standby',
  observed: undefined,
  asking: undefined,
  isReleasing: false,
  heldSince: undefined,
  acquireTime: '',
};

/** The longer of what both clocks say has passed. */
function elapsedMs(since: Moment, at: Moment): number {
  return Math.max(at.nowMs - since.nowMs, at.wallMs - since.wallMs);
}

/** Whether a write may be started at this moment. */
export function holdsLease({ role, heldSince }: LeaseState, times: LeaseTimes, at: Moment): boolean {
  return role === 'leading' && heldSince !== undefined && elapsedMs(heldSince, at) < times.renewDeadlineMs;
}

export function stepLease(state: LeaseState, event: LeaseEvent, context: LeaseContext): LeaseStep {
  if (state.role === 'over') return state.isReleasing ? releaseAfter(state, event, context) : { state, effects: [] };
  if (event.kind === 'release') return release(state, context);
  if (state.role === 'leading' && !holdsLease(state, context.times, context.at) && event.kind !== 'written') {
    return lose(state, 'the lease was not renewed in time');
  }
  switch (event.kind) {
    case 'start':
    case 'timer':
      return state.role === 'leading' ? renew(state, context) : ask(state, context);
    case 'read':
      return afterRead({ ...state, asking: undefined }, event.lease, context);
    case 'written':
      return afterWrite(state, event.lease, context);
    case 'conflict':
      // Somebody wrote in between: look before anything else.
      return ask({ ...state, asking: undefined }, context);
    case 'failed':
      return { state: { ...state, asking: undefined }, effects: [retry(context)] };
  }
}

function ask(state: LeaseState, { at }: LeaseContext): LeaseStep {
  if (state.asking !== undefined) return { state, effects: [] };
  return { state: { ...state, asking: { write: false, since: at } }, effects: [{ kind: 'read' }] };
}

function afterRead(state: LeaseState, lease: Lease | undefined, context: LeaseContext): LeaseStep {
  const observed = observe(state.observed, lease, context.at);
  const seen = { ...state, observed };
  if (state.role === 'leading') {
    if (lease?.spec.holderIdentity !== context.identity) return lose(seen, 'another process holds the lease');
    return renew(seen, context);
  }
  if (observed !== undefined && !isFree(observed, context)) return { state: seen, effects: [retry(context)] };
  return acquire(seen, context);
}

/** Whose lease has not changed since keeps its time of observation. */
function observe(before: Observation | undefined, lease: Lease | undefined, at: Moment): Observation | undefined {
  if (lease === undefined) return undefined;
  return before?.lease.resourceVersion === lease.resourceVersion ? before : { lease, since: at };
}

function isFree({ lease, since }: Observation, { identity, at }: LeaseContext): boolean {
  const { holderIdentity, leaseDurationSeconds } = lease.spec;
  // Our own name from before a restart in place: nobody else writes under it.
  if (holderIdentity === '' || holderIdentity === identity) return true;
  // Here monotonic time alone counts: a wall clock that is set ahead must not end somebody else's lease.
  return at.nowMs - since.nowMs >= leaseDurationSeconds * 1000;
}

function acquire(state: LeaseState, context: LeaseContext): LeaseStep {
  const { identity, at } = context;
  const before = state.observed?.lease.spec;
  const acquireTime = microTime(at.wallMs);
  const transitions = before === undefined ? 0 : before.leaseTransitions + (before.holderIdentity === identity ? 0 : 1);
  return write({ ...state, acquireTime }, { acquireTime, leaseTransitions: transitions }, context);
}

function renew(state: LeaseState, context: LeaseContext): LeaseStep {
  if (state.asking !== undefined) return { state, effects: [] };
  const leaseTransitions = state.observed?.lease.spec.leaseTransitions ?? 0;
  return write(state, { acquireTime: state.acquireTime, leaseTransitions }, context);
}

function write(
  state: LeaseState,
  kept: Pick<LeaseSpec, 'acquireTime' | 'leaseTransitions'>,
  { identity, times, at }: LeaseContext,
): LeaseStep {
  const spec = {
    ...kept,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(times.durationMs / 1000),
    renewTime: microTime(at.wallMs),
  };
  return {
    state: { ...state, asking: { write: true, since: at } },
    effects: [{ kind: 'write', spec, resourceVersion: state.observed?.lease.resourceVersion }],
  };
}

function afterWrite(state: LeaseState, lease: Lease, context: LeaseContext): LeaseStep {
  const heldSince = state.asking?.since ?? context.at;
  const next: LeaseState = {
    ...state,
    role: 'leading',
    asking: undefined,
    heldSince,
    observed: { lease, since: context.at },
  };
  // The answer came so late that the lease is as good as over.
  if (!holdsLease(next, context.times, context.at)) {
    return state.role === 'leading'
      ? lose(next, 'the lease was not renewed in time')
      : { state: { ...next, role: 'standby', heldSince: undefined }, effects: [retry(context)] };
  }
  const timer = { kind: 'start-timer', afterMs: context.times.retryMs } as const;
  return { state: next, effects: state.role === 'leading' ? [timer] : [{ kind: 'lead' }, timer] };
}

function release(state: LeaseState, { at }: LeaseContext): LeaseStep {
  const over: LeaseState = { ...state, role: 'over', heldSince: undefined };
  const held = state.role === 'leading' ? state.observed?.lease : undefined;
  const isReleasing = held !== undefined && state.asking?.write === true;
  const effects = held === undefined || isReleasing ? [] : [giveUp(held, at)];
  return { state: { ...over, isReleasing }, effects: [{ kind: 'stop-timer' }, ...effects] };
}

/** A write that failed may have got there or not; one that met a conflict has nothing to give back. */
function releaseAfter(state: LeaseState, event: LeaseEvent, { at }: LeaseContext): LeaseStep {
  if (event.kind !== 'written' && event.kind !== 'failed' && event.kind !== 'conflict') return { state, effects: [] };
  const held = event.kind === 'written' ? event.lease : state.observed?.lease;
  const effects = held === undefined || event.kind === 'conflict' ? [] : [giveUp(held, at)];
  return { state: { ...state, asking: undefined, isReleasing: false }, effects };
}

function giveUp({ spec: held, resourceVersion }: Lease, { wallMs }: Moment): LeaseEffect {
  const now = microTime(wallMs);
  const spec = { ...held, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
  return { kind: 'give-up', spec, resourceVersion };
}

function lose(state: LeaseState, reason: string): LeaseStep {
  return {
    state: { ...state, role: 'over', heldSince: undefined },
    effects: [{ kind: 'stop-timer' }, { kind: 'lost', reason }],
  };
}

const retry = ({ times, chance }: LeaseContext): LeaseEffect => ({
  kind: 'start-timer',
  afterMs: times.retryMs * (1 + chance / 5),
});
