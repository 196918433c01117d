/**
 * The life of one pod's containers, as the kubelet leads it: sidecars first, each container restarted when it dies, and on
 * the way out the runtime drains while RTPEngine still carries its calls. Pure.
 *
 *     Running ──stop──► Draining ──runtime ended──► Ending ──all ended──► Ended
 *        │ a container died: back-off, start again     (a second stop, or the grace timer: SIGTERM again, then SIGKILL)
 */
import type { BackOffValues } from './back-off.ts';
import { backOffMs } from './back-off.ts';

export interface ContainerState {
  readonly name: string;
  /** Started before the others, ended after them. */
  readonly isSidecar: boolean;
  readonly status: 'Waiting' | 'Running' | 'Stopped';
  readonly startedAtMs: number;
  /** Deaths in a row. */
  readonly failures: number;
}

export interface Pod {
  readonly phase: 'Running' | 'Draining' | 'Ending' | 'Ended';
  readonly containers: readonly ContainerState[];
  readonly values: PodValues;
  /** A second stop has come. */
  readonly hurried: boolean;
}

export interface PodValues {
  readonly backOff: BackOffValues;
  /** From SIGTERM to SIGKILL of the runtime: `terminationGracePeriodSeconds`. */
  readonly graceMs: number;
  /** The same after a second stop, and for sidecars. */
  readonly shortGraceMs: number;
}

export type PodEvent =
  | { readonly kind: 'started'; readonly container: string; readonly nowMs: number }
  | { readonly kind: 'exited'; readonly container: string; readonly nowMs: number }
  | { readonly kind: 'restart-due'; readonly container: string }
  | { readonly kind: 'grace-over' }
  | { readonly kind: 'stop' };

export type PodEffect =
  | { readonly kind: 'spawn'; readonly container: string }
  | { readonly kind: 'signal'; readonly container: string; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'restart-after'; readonly container: string; readonly afterMs: number }
  /** Replaces the one that runs. */
  | { readonly kind: 'start-grace'; readonly afterMs: number }
  | { readonly kind: 'stop-timers' }
  | { readonly kind: 'ended' };

export interface Step {
  readonly next: Pod;
  readonly effects: readonly PodEffect[];
}

export function startPod(containers: readonly { name: string; isSidecar: boolean }[], values: PodValues): Step {
  const pod: Pod = {
    phase: 'Running',
    containers: containers.map((container) => ({ ...container, status: 'Waiting', startedAtMs: 0, failures: 0 })),
    values,
    hurried: false,
  };
  const sidecars = pod.containers.filter(({ isSidecar }) => isSidecar);
  return { next: pod, effects: spawn(sidecars.length > 0 ? sidecars : pod.containers) };
}

export function stepPod(pod: Pod, event: PodEvent): Step {
  if (pod.phase === 'Ended') return stay(pod);
  switch (event.kind) {
    case 'started':
      return started(pod, event.container, event.nowMs);
    case 'exited':
      return exited(pod, event.container, event.nowMs);
    case 'restart-due':
      if (pod.phase !== 'Running' || containerOf(pod, event.container)?.status !== 'Waiting') return stay(pod);
      return { next: pod, effects: [{ kind: 'spawn', container: event.container }] };
    case 'stop':
      return stop(pod);
    case 'grace-over':
      return pod.phase === 'Running' ? stay(pod) : { next: pod, effects: signal(endingNow(pod), 'SIGKILL') };
  }
}

function started(pod: Pod, name: string, nowMs: number): Step {
  const next = update(pod, name, { status: 'Running', startedAtMs: nowMs });
  // A spawn that was on its way when the stop came.
  if (pod.phase !== 'Running') return { next, effects: [{ kind: 'signal', container: name, signal: 'SIGTERM' }] };
  const neverStarted = next.containers.filter(
    (each) => !each.isSidecar && each.status === 'Waiting' && each.failures === 0,
  );
  const sidecarsRun = next.containers.every((each) => !each.isSidecar || each.status === 'Running');
  const isFirstSidecarStart = containerOf(pod, name)?.isSidecar === true && containerOf(pod, name)?.failures === 0;
  return { next, effects: isFirstSidecarStart && sidecarsRun ? spawn(neverStarted) : [] };
}

function exited(pod: Pod, name: string, nowMs: number): Step {
  const container = containerOf(pod, name);
  if (container === undefined) return stay(pod);
  if (pod.phase !== 'Running') return nextPhase(update(pod, name, { status: 'Stopped' }));
  const { backOff } = pod.values;
  const ranLong = container.status === 'Running' && nowMs - container.startedAtMs >= backOff.forgetAfterMs;
  const failures = ranLong ? 1 : container.failures + 1;
  return {
    next: update(pod, name, { status: 'Waiting', failures }),
    effects: [{ kind: 'restart-after', container: name, afterMs: backOffMs(failures, backOff) }],
  };
}

function stop(pod: Pod): Step {
  if (pod.phase === 'Running') {
    const containers = pod.containers.map((each) =>
      each.status === 'Waiting' ? { ...each, status: 'Stopped' as const } : each,
    );
    const step = nextPhase({ ...pod, phase: 'Draining', containers });
    return { next: step.next, effects: [{ kind: 'stop-timers' }, ...step.effects, ...drainEffects(step.next)] };
  }
  if (pod.hurried) return { next: pod, effects: signal(running(pod), 'SIGKILL') };
  // The runtime ends at once on its second SIGTERM.
  const effects: PodEffect[] = [
    ...signal(endingNow(pod), 'SIGTERM'),
    { kind: 'start-grace', afterMs: pod.values.shortGraceMs },
  ];
  return { next: { ...pod, hurried: true }, effects };
}

function drainEffects(pod: Pod): PodEffect[] {
  if (pod.phase !== 'Draining') return [];
  return [...signal(endingNow(pod), 'SIGTERM'), { kind: 'start-grace', afterMs: pod.values.graceMs }];
}

/** Draining → Ending when no main container runs; Ending → Ended when nothing runs. */
function nextPhase(pod: Pod): Step {
  if (running(pod).length === 0)
    return { next: { ...pod, phase: 'Ended' }, effects: [{ kind: 'stop-timers' }, { kind: 'ended' }] };
  if (pod.phase === 'Draining' && running(pod).every(({ isSidecar }) => isSidecar)) {
    const effects: PodEffect[] = [
      ...signal(running(pod), 'SIGTERM'),
      { kind: 'start-grace', afterMs: pod.values.shortGraceMs },
    ];
    return { next: { ...pod, phase: 'Ending' }, effects };
  }
  return stay(pod);
}

/** Whose turn it is to end: the main containers, then the sidecars. */
function endingNow(pod: Pod): readonly ContainerState[] {
  const main = running(pod).filter(({ isSidecar }) => !isSidecar);
  return main.length > 0 ? main : running(pod);
}

function running(pod: Pod): readonly ContainerState[] {
  return pod.containers.filter(({ status }) => status === 'Running');
}

function containerOf(pod: Pod, name: string): ContainerState | undefined {
  return pod.containers.find((container) => container.name === name);
}

function update(pod: Pod, name: string, change: Partial<ContainerState>): Pod {
  return { ...pod, containers: pod.containers.map((each) => (each.name === name ? { ...each, ...change } : each)) };
}

function spawn(containers: readonly ContainerState[]): PodEffect[] {
  return containers.map(({ name }) => ({ kind: 'spawn', container: name }));
}

function signal(containers: readonly ContainerState[], name: 'SIGTERM' | 'SIGKILL'): PodEffect[] {
  return containers.map((container) => ({ kind: 'signal', container: container.name, signal: name }));
}

function stay(pod: Pod): Step {
  return { next: pod, effects: [] };
}
