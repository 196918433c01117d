/**
 * A reflector as a pure machine: keeps a store equal to a collection at the API server, through everything that goes wrong.
 *
 *                    list-failed ┌──────────┐
 *                     ┌──────────│          │
 *     start ──► Listing ──listed──► Watching ──watch-ended──► Watching
 *                 ▲   ▲             │   │ └──watch-failed, silent──► Waiting ──► Watching
 *                 │   └── 410 ──────┘   └── relist due ──► Listing (exactly at the version that the watch has reached)
 *
 * A list at exactly the version of the watch must equal the store; where it does not, the watch has lost something.
 */

export interface ReflectorTimes {
  /** The server ends a watch after this long, and up to half as long again. */
  readonly watchSeconds: number;
  /** No event and no bookmark for so long: the connection is dead. The API server sends a bookmark a minute. */
  readonly silenceMs: number;
  readonly relistMs: number;
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** Nobody listens: a question costs nothing, and who is late finds out late that somebody does again. */
  readonly longestUnreachableMs: number;
  /** As many of the failures count as are left when it listens again, and refuses. */
  readonly failuresOfAReturn: number;
  /** A resource that is not served (404): its CRD may come at any time. */
  readonly notServedMs: number;
  /** A watch that ends sooner, without an event, has failed. */
  readonly shortWatchMs: number;
}

export const reflectorTimes: ReflectorTimes = {
  watchSeconds: 300,
  silenceMs: 75_000,
  relistMs: 600_000,
  firstBackoffMs: 250,
  longestBackoffMs: 30_000,
  longestUnreachableMs: 3_000,
  failuresOfAReturn: 1,
  notServedMs: 5_000,
  shortWatchMs: 1_000,
};

export type Failure =
  | { readonly kind: 'gone' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  | { readonly kind: 'not-served' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable' };

/** `exact`: at the version that the watch has reached; else the newest. */
type Listing = { readonly kind: 'listing'; readonly exact: boolean };
type Next = 'list' | 'list-exact' | 'watch';

export interface ReflectorState {
  readonly doing:
    | { readonly kind: 'idle' }
    | Listing
    | { readonly kind: 'watching'; readonly openedAtMs: number | undefined; readonly sawEvent: boolean }
    | { readonly kind: 'waiting'; readonly next: Next }
    | { readonly kind: 'stopped' };
  /** Up to where the store is complete; undefined: a list is needed. */
  readonly resourceVersion: string | undefined;
  /** In a row; sets the back-off. */
  readonly failures: number;
  /** The kind of the last one. */
  readonly failing: Failure['kind'] | undefined;
  readonly isRelistDue: boolean;
}

export type ReflectorTimer = 'retry' | 'silence' | 'relist';

export type ReflectorEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'listed'; readonly resourceVersion: string }
  | { readonly kind: 'list-failed'; readonly failure: Failure }
  | { readonly kind: 'watch-opened' }
  | { readonly kind: 'watch-event'; readonly resourceVersion: string | undefined }
  | { readonly kind: 'watch-ended' }
  | { readonly kind: 'watch-failed'; readonly failure: Failure }
  | { readonly kind: 'timer'; readonly timer: ReflectorTimer }
  | { readonly kind: 'stop' };

export type ReflectorEffect =
  | { readonly kind: 'list'; readonly exactly: string | undefined }
  | { readonly kind: 'watch'; readonly resourceVersion: string; readonly timeoutSeconds: number }
  | { readonly kind: 'abort-watch' }
  /** Nothing of it exists: takes the place of a list. */
  | { readonly kind: 'not-served' }
  | { readonly kind: 'start-timer'; readonly timer: ReflectorTimer; readonly afterMs: number }
  | { readonly kind: 'stop-timer'; readonly timer: ReflectorTimer };

export interface Step {
  readonly state: ReflectorState;
  readonly effects: readonly ReflectorEffect[];
}

/** What a step may know of the world besides its event. */
export interface StepContext {
  readonly nowMs: number;
  /** At least 0, less than 1: for jitter. */
  readonly chance: number;
  readonly times: ReflectorTimes;
}

export const initialReflector: ReflectorState = {
  doing: { kind: 'idle' },
  resourceVersion: undefined,
  failures: 0,
  failing: undefined,
  isRelistDue: false,
};

export function stepReflector(state: ReflectorState, event: ReflectorEvent, context: StepContext): Step {
  if (state.doing.kind === 'stopped') return stay(state);
  switch (event.kind) {
    case 'start':
      return state.doing.kind === 'idle' ? list(state, false) : stay(state);
    case 'listed':
      return state.doing.kind === 'listing' ? afterList(state, event.resourceVersion, context) : stay(state);
    case 'list-failed':
      return state.doing.kind === 'listing' ? afterFailedList(state, state.doing, event.failure, context) : stay(state);
    case 'watch-opened':
      return state.doing.kind === 'watching'
        ? stay({ ...state, doing: { ...state.doing, openedAtMs: context.nowMs } })
        : stay(state);
    case 'watch-event':
      return state.doing.kind === 'watching' ? afterEvent(state, event.resourceVersion, context) : stay(state);
    case 'watch-ended':
      return state.doing.kind === 'watching' ? afterEnd(state, state.doing, context) : stay(state);
    case 'watch-failed':
      return state.doing.kind === 'watching' ? afterFailedWatch(state, event.failure, context) : stay(state);
    case 'timer':
      return afterTimer(state, event.timer, context);
    case 'stop':
      return {
        state: { ...state, doing: { kind: 'stopped' } },
        effects: [...(['retry', 'silence', 'relist'] as const).map(stopTimer), { kind: 'abort-watch' }],
      };
  }
}

function afterTimer(state: ReflectorState, timer: ReflectorTimer, context: StepContext): Step {
  const { doing } = state;
  switch (timer) {
    case 'retry':
      if (doing.kind !== 'waiting') return stay(state);
      return go(state, doing.next === 'watch' ? nextOf(state) : doing.next, context);
    case 'silence':
      if (doing.kind !== 'watching') return stay(state);
      return prefix([{ kind: 'abort-watch' }], wait(state, 'watch', { kind: 'unreachable' }, context));
    case 'relist':
      if (doing.kind !== 'watching') return stay({ ...state, isRelistDue: true });
      return prefix([{ kind: 'abort-watch' }, stopTimer('silence')], list(state, true));
  }
}

function afterList(state: ReflectorState, resourceVersion: string, context: StepContext): Step {
  const relist = {
    kind: 'start-timer',
    timer: 'relist',
    afterMs: jitter(context.times.relistMs, 0.1, context),
  } as const;
  return prefix([relist], watch({ ...state, resourceVersion, isRelistDue: false }, context));
}

function afterFailedList(state: ReflectorState, { exact }: Listing, failure: Failure, context: StepContext): Step {
  // The past is compacted away: the newest state will do.
  if (failure.kind === 'gone' && exact) return list({ ...state, resourceVersion: undefined }, false);
  const waiting = wait(
    { ...state, resourceVersion: exact ? state.resourceVersion : undefined },
    'list',
    failure,
    context,
  );
  return failure.kind === 'not-served' ? prefix([{ kind: 'not-served' }], waiting) : waiting;
}

function afterEvent(state: ReflectorState, resourceVersion: string | undefined, { nowMs, times }: StepContext): Step {
  const doing = { kind: 'watching', openedAtMs: nowMs, sawEvent: true } as const;
  return {
    state: { ...state, doing, resourceVersion: resourceVersion ?? state.resourceVersion, failures: 0 },
    effects: [{ kind: 'start-timer', timer: 'silence', afterMs: times.silenceMs }],
  };
}

function afterEnd(
  state: ReflectorState,
  { openedAtMs, sawEvent }: Extract<ReflectorState['doing'], { kind: 'watching' }>,
  context: StepContext,
): Step {
  const lasted = openedAtMs === undefined ? 0 : context.nowMs - openedAtMs;
  if (sawEvent || lasted >= context.times.shortWatchMs) return go({ ...state, failures: 0 }, nextOf(state), context);
  return prefix([stopTimer('silence')], wait(state, nextOf(state), { kind: 'unreachable' }, context));
}

function afterFailedWatch(state: ReflectorState, failure: Failure, context: StepContext): Step {
  const silence = stopTimer('silence');
  if (failure.kind === 'gone') {
    const listless = { ...state, resourceVersion: undefined };
    if (state.failures > 0) return prefix([silence], wait(listless, 'list', failure, context));
    // One 410 is everyday business; a second one before any event waits.
    return prefix([silence], list({ ...listless, failures: 1 }, false));
  }
  const next = failure.kind === 'not-served' ? 'list' : nextOf(state);
  return prefix([silence], wait(state, next, failure, context));
}

const nextOf = ({ isRelistDue }: ReflectorState): Next => (isRelistDue ? 'list-exact' : 'watch');

function go(state: ReflectorState, next: Next, context: StepContext): Step {
  if (next === 'watch') return watch(state, context);
  return list(state, next === 'list-exact');
}

function list(state: ReflectorState, exact: boolean): Step {
  const exactly = exact ? state.resourceVersion : undefined;
  return {
    state: { ...state, doing: { kind: 'listing', exact: exactly !== undefined } },
    effects: [{ kind: 'list', exactly }],
  };
}

function watch(state: ReflectorState, { chance, times }: StepContext): Step {
  if (state.resourceVersion === undefined) return list(state, false);
  const timeoutSeconds = Math.round(times.watchSeconds * (1 + chance / 2));
  return {
    state: { ...state, doing: { kind: 'watching', openedAtMs: undefined, sawEvent: false } },
    effects: [
      { kind: 'start-timer', timer: 'silence', afterMs: times.silenceMs },
      { kind: 'watch', resourceVersion: state.resourceVersion, timeoutSeconds },
    ],
  };
}

function wait(state: ReflectorState, next: Next, failure: Failure, context: StepContext): Step {
  // An API server that comes back refuses at first: the time that it was away is no reason to wait long now.
  const isBack = state.failing === 'unreachable' && failure.kind !== 'unreachable';
  const failures = (isBack ? Math.min(state.failures, context.times.failuresOfAReturn) : state.failures) + 1;
  return {
    state: { ...state, doing: { kind: 'waiting', next }, failures, failing: failure.kind },
    effects: [{ kind: 'start-timer', timer: 'retry', afterMs: delayOf(failure, failures, context) }],
  };
}

function delayOf(failure: Failure, failures: number, context: StepContext): number {
  const { firstBackoffMs, longestBackoffMs, longestUnreachableMs, notServedMs } = context.times;
  if (failure.kind === 'not-served') return jitter(notServedMs, 0.2, context);
  const longestMs = failure.kind === 'unreachable' ? longestUnreachableMs : longestBackoffMs;
  const backoff = jitter(Math.min(firstBackoffMs * 2 ** Math.min(failures - 1, 20), longestMs), 0.5, context);
  return failure.kind === 'throttled' ? Math.max(failure.retryAfterMs * (1 + context.chance / 4), backoff) : backoff;
}

const jitter = (value: number, share: number, { chance }: StepContext): number =>
  value * (1 - share + 2 * share * chance);
const stay = (state: ReflectorState): Step => ({ state, effects: [] });
const stopTimer = (timer: ReflectorTimer): ReflectorEffect => ({ kind: 'stop-timer', timer });
const prefix = (effects: readonly ReflectorEffect[], step: Step): Step => ({
  state: step.state,
  effects: [...effects, ...step.effects],
});
