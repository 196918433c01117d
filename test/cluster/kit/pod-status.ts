/** What the kubelet writes into a pod's status. Pure. */
import type { ContainerRun } from './container-run.ts';
import type { PodObject, PodPlace } from './pod-types.ts';

export interface PodStatusParams {
  readonly pod: PodObject;
  readonly place: PodPlace;
  readonly containers: readonly ContainerRun[];
  readonly startTime: string;
  /** Why its containers cannot start; empty where they can. */
  readonly problem: string;
}

export function podStatus({ pod, place, containers, startTime, problem }: PodStatusParams) {
  const init = containers.filter(({ container }) => !pod.spec.containers.includes(container));
  const main = containers.filter(({ container }) => pod.spec.containers.includes(container));
  const isInitialized = init.every(
    ({ isStarted, state }) => isStarted || (state.kind === 'terminated' && state.exitCode === 0),
  );
  const hasStarted = main.every(({ isStarted, restartCount }) => isStarted || restartCount > 0);
  const isReady = main.every((run) => run.isReady) && isInitialized;
  const condition = (type: string, holds: boolean) => ({
    type,
    status: holds ? 'True' : 'False',
    lastTransitionTime: startTime,
    ...(holds || problem === '' ? {} : { reason: 'ContainersNotReady', message: problem }),
  });
  return {
    phase: endOf(pod, main) ?? (hasStarted && isInitialized ? 'Running' : 'Pending'),
    hostIP: place.hostIP,
    hostIPs: [{ ip: place.hostIP }],
    podIP: place.podIP,
    podIPs: [{ ip: place.podIP }],
    startTime,
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', isInitialized),
      condition('ContainersReady', isReady),
      condition('Ready', isReady),
    ],
    initContainerStatuses: init.map(containerStatus),
    containerStatuses: main.map(containerStatus),
  };
}

/** Of a pod whose containers are not started again, once all have ended. */
function endOf({ spec }: PodObject, main: readonly ContainerRun[]): 'Succeeded' | 'Failed' | undefined {
  const codes = main.flatMap(({ state }) => (state.kind === 'terminated' ? [state.exitCode] : []));
  if (spec.restartPolicy !== 'Never' || codes.length < main.length) return undefined;
  return codes.every((code) => code === 0) ? 'Succeeded' : 'Failed';
}

function containerStatus({ container, state, isReady, isStarted, restartCount, pid }: ContainerRun) {
  const { name, image } = container;
  return {
    name,
    image,
    imageID: image,
    containerID: `process://${pid ?? 0}`,
    ready: isReady,
    started: isStarted,
    restartCount,
    state: stateOf(state),
  };
}

function stateOf(state: ContainerRun['state']) {
  switch (state.kind) {
    case 'waiting':
      return { waiting: { reason: state.reason } };
    case 'running':
      return { running: { startedAt: state.startedAt } };
    case 'terminated': {
      const { exitCode, startedAt, finishedAt } = state;
      return { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt } };
    }
  }
}
