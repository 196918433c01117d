/**
 * How one object by name is followed. Pure. Each round begins with a list, which closes whatever gap there was, so no event
 * can be lost for longer than one round and an expired version (410) needs nothing of its own.
 *
 *   Stopped ──start──► Listing ──listed──► Watching ──ended, silent──► Listing or Waiting ──due──► Listing
 */
import type { ApiFailure } from './kube-api.ts';

export interface FollowState {
  readonly phase: 'Stopped' | 'Listing' | 'Watching' | 'Waiting';
  /** Rounds that failed, one after the other. */
  readonly failures: number;
  /** Version last delivered; '' for absent, undefined: none yet. */
  readonly seen: string | undefined;
}

/** `version` undefined: there is no such object. */
export type FollowEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'listed'; readonly version: string | undefined; readonly resourceVersion: string }
  | { readonly kind: 'changed'; readonly version: string | undefined }
  /** The list failed, or the watch: after `livedMs` milliseconds of answering. Without a failure the server ended it. */
  | { readonly kind: 'ended'; readonly failure: ApiFailure | undefined; readonly livedMs: number }
  | { readonly kind: 'silent' }
  | { readonly kind: 'due' }
  | { readonly kind: 'stop' };

export type FollowEffect =
  | { readonly kind: 'list' }
  | { readonly kind: 'watch'; readonly resourceVersion: string; readonly timeoutSeconds: number }
  | { readonly kind: 'wait'; readonly ms: number }
  /** What came with the event is new. */
  | { readonly kind: 'deliver' }
  /** Ends the list, the watch or the wait that is under way. */
  | { readonly kind: 'abort' };

export interface FollowStep {
  readonly next: FollowState;
  readonly effects: readonly FollowEffect[];
}

export interface FollowRules {
  /** `Poll`: a list now and then instead of a watch, for objects of which there are too many. */
  readonly by: 'Watch' | 'Poll';
  /** An integer in [0, below). */
  readonly below: (below: number) => number;
}

export const stopped: FollowState = { phase: 'Stopped', failures: 0, seen: undefined };

/** Of one watch: between five and ten minutes, so that those of many pods do not end together. */
const WATCH_SECONDS = 300;
const POLL_MS = 300_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 30_000;
/** Nobody is there to be spared: what was changed meanwhile is in force soon after the end of an outage. */
const MAX_UNANSWERED_MS = 5000;
/** Of pauses that long, so that a first 503 after an outage is not taken for the last of many. */
const MAX_UNANSWERED = 7;
const MAX_RETRY_AFTER_MS = 60_000;
/** A watch that has lived for so long was no failure. */
const LIVED_MS = 1000;

export function stepFollow(state: FollowState, event: FollowEvent, rules: FollowRules): FollowStep {
  if (event.kind === 'stop') return { next: { ...state, phase: 'Stopped' }, effects: [{ kind: 'abort' }] };
  switch (state.phase) {
    case 'Stopped':
      return event.kind === 'start' ? list(state) : stay(state);
    case 'Listing':
      if (event.kind === 'listed') return listed(state, event, rules);
      return event.kind === 'ended' ? pause(state, event.failure, rules) : stay(state);
    case 'Watching':
      return watching(state, event, rules);
    case 'Waiting':
      return event.kind === 'due' ? list(state) : stay(state);
  }
}

function listed(
  state: FollowState,
  { version, resourceVersion }: Extract<FollowEvent, { kind: 'listed' }>,
  { by, below }: FollowRules,
): FollowStep {
  const { seen, effects } = delivered(state, version);
  if (by === 'Poll') {
    const wait = { kind: 'wait', ms: POLL_MS + below(POLL_MS / 5) } as const;
    return { next: { phase: 'Waiting', failures: 0, seen }, effects: [...effects, wait] };
  }
  const watch = { kind: 'watch', resourceVersion, timeoutSeconds: WATCH_SECONDS + below(WATCH_SECONDS) } as const;
  return { next: { ...state, phase: 'Watching', seen }, effects: [...effects, watch] };
}

function watching(state: FollowState, event: Exclude<FollowEvent, { kind: 'stop' }>, rules: FollowRules): FollowStep {
  switch (event.kind) {
    case 'changed': {
      const { seen, effects } = delivered(state, event.version);
      return { next: { ...state, failures: 0, seen }, effects };
    }
    case 'ended': {
      const hasLived = event.livedMs >= LIVED_MS;
      const before = hasLived ? { ...state, failures: 0 } : state;
      if (hasLived && event.failure === undefined) return list(before);
      if (isExpired(event.failure) && before.failures === 0) return list({ ...before, failures: 1 });
      // With a pause: what cuts the watches of all pods at once must not bring their lists at once.
      return pause(before, event.failure, rules);
    }
    case 'silent': {
      const { next, effects } = pause({ ...state, failures: 0 }, undefined, rules);
      return { next, effects: [{ kind: 'abort' }, ...effects] };
    }
    case 'start':
    case 'listed':
    case 'due':
      return stay(state);
  }
}

function delivered(
  { seen }: FollowState,
  version: string | undefined,
): { readonly seen: string; readonly effects: readonly FollowEffect[] } {
  const now = version ?? '';
  return { seen: now, effects: now === seen ? [] : [{ kind: 'deliver' }] };
}

function list(state: FollowState): FollowStep {
  return { next: { ...state, phase: 'Listing' }, effects: [{ kind: 'list' }] };
}

function stay(next: FollowState): FollowStep {
  return { next, effects: [] };
}

function pause(state: FollowState, failure: ApiFailure | undefined, rules: FollowRules): FollowStep {
  const failures = countedFailures(state.failures, failure);
  return {
    next: { ...state, phase: 'Waiting', failures },
    effects: [{ kind: 'wait', ms: pauseMs(failures, failure, rules) }],
  };
}

function isExpired(failure: ApiFailure | undefined): boolean {
  return failure?.kind === 'status' && failure.status === 410;
}

/** With this one. */
export function countedFailures(before: number, failure: ApiFailure | undefined): number {
  return failure?.kind === 'unreachable' ? Math.min(before + 1, Math.max(before, MAX_UNANSWERED)) : before + 1;
}

/** Doubles with each failure, with a half of it at random; never shorter than the server wishes (429, 503). */
export function pauseMs(
  failures: number,
  failure: ApiFailure | undefined,
  { below }: Pick<FollowRules, 'below'>,
): number {
  const limitMs = failure?.kind === 'unreachable' ? MAX_UNANSWERED_MS : MAX_PAUSE_MS;
  const most = Math.min(limitMs, FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, 16));
  const ownMs = most / 2 + below(most / 2 + 1);
  if (failure?.kind !== 'status' || failure.retryAfterSeconds === undefined) return ownMs;
  const wishedMs = Math.min(MAX_RETRY_AFTER_MS, failure.retryAfterSeconds * 1000);
  return wishedMs > ownMs ? wishedMs + below(1000) : ownMs;
}
