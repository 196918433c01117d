import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { Timer } from '../kernel/clock.ts';
import { backOffMs, kubeletBackOff } from './back-off.ts';
import type { Pod, PodEffect, PodEvent, Step } from './pod-machine.ts';
import { startPod, stepPod } from './pod-machine.ts';

const values = {
  backOff: { firstMs: 1_000, maxMs: 60_000, forgetAfterMs: 600_000 },
  graceMs: 30_000,
  shortGraceMs: 5_000,
};
const both = [
  { name: 'rtpengine', isSidecar: true },
  { name: 'runtime', isSidecar: false },
];

/** A machine with a virtual clock; what is spawned runs at once, and `log` holds what was done to whom. */
class World {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly #timers = new Map<string, Timer>();
  #pod: Pod;

  constructor(containers = both) {
    const step = startPod(containers, values);
    this.#pod = step.next;
    this.#take(step);
  }

  get phase(): string {
    return this.#pod.phase;
  }

  dies(container: string): void {
    this.#step({ kind: 'exited', container, nowMs: this.clock.nowMs() });
  }

  stops(): void {
    this.#step({ kind: 'stop' });
  }

  /** What happened since the last call. */
  said(): string[] {
    return this.log.splice(0);
  }

  #step(event: PodEvent): void {
    this.#take(stepPod(this.#pod, event));
  }

  #take({ next, effects }: Step): void {
    this.#pod = next;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: PodEffect): void {
    switch (effect.kind) {
      case 'spawn':
        this.log.push(`spawn ${effect.container}`);
        this.#step({ kind: 'started', container: effect.container, nowMs: this.clock.nowMs() });
        return;
      case 'signal':
        return void this.log.push(`${effect.signal} ${effect.container}`);
      case 'restart-after':
        this.#start(effect.container, effect.afterMs, { kind: 'restart-due', container: effect.container });
        return;
      case 'start-grace':
        this.#start('grace', effect.afterMs, { kind: 'grace-over' });
        return;
      case 'stop-timers':
        for (const timer of this.#timers.values()) timer.cancel();
        return;
      case 'ended':
        return void this.log.push('ended');
    }
  }

  #start(name: string, afterMs: number, event: PodEvent): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(
      name,
      this.clock.after(afterMs, () => this.#step(event)),
    );
  }
}

test('the sidecar starts first, then the runtime', () => {
  assert.deepEqual(new World().said(), ['spawn rtpengine', 'spawn runtime']);
});

test('a pod without a sidecar starts its runtime', () => {
  assert.deepEqual(new World([{ name: 'runtime', isSidecar: false }]).said(), ['spawn runtime']);
});

test('a container that dies starts again at once, and the other one is left alone', () => {
  const world = new World();
  world.said();
  world.dies('runtime');
  world.clock.advance(0);
  assert.deepEqual(world.said(), ['spawn runtime']);
  world.dies('rtpengine');
  world.clock.advance(0);
  assert.deepEqual(world.said(), ['spawn rtpengine']);
});

test('a container that dies again and again waits longer each time', () => {
  const world = new World();
  world.said();
  for (const waitMs of [0, 1_000, 2_000, 4_000]) {
    world.dies('runtime');
    if (waitMs > 0) {
      world.clock.advance(waitMs - 1);
      assert.deepEqual(world.said(), []);
    }
    world.clock.advance(1);
    assert.deepEqual(world.said(), ['spawn runtime']);
  }
});

test('a container that ran ten minutes is forgiven', () => {
  const world = new World();
  for (let deaths = 0; deaths < 5; deaths++) {
    world.dies('runtime');
    world.clock.advance(60_000);
  }
  world.clock.advance(600_000);
  world.said();
  world.dies('runtime');
  world.clock.advance(0);
  assert.deepEqual(world.said(), ['spawn runtime']);
});

test('the back-off doubles up to its ceiling', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 20].map((failures) => backOffMs(failures, kubeletBackOff)),
    [0, 1_000, 2_000, 4_000, 60_000],
  );
});

test('a stop drains the runtime while RTPEngine still carries its calls', () => {
  const world = new World();
  world.said();
  world.stops();
  assert.deepEqual(world.said(), ['SIGTERM runtime']);
  world.dies('runtime');
  assert.deepEqual(world.said(), ['SIGTERM rtpengine']);
  world.dies('rtpengine');
  assert.deepEqual(world.said(), ['ended']);
});

test('a runtime that does not end in its grace period is killed, and RTPEngine after it', () => {
  const world = new World();
  world.stops();
  world.said();
  world.clock.advance(29_999);
  assert.deepEqual(world.said(), []);
  world.clock.advance(1);
  assert.deepEqual(world.said(), ['SIGKILL runtime']);
  world.dies('runtime');
  world.said();
  world.clock.advance(5_000);
  assert.deepEqual(world.said(), ['SIGKILL rtpengine']);
});

test('a second stop ends the calls, a third one kills', () => {
  const world = new World();
  world.stops();
  world.said();
  world.stops();
  assert.deepEqual(world.said(), ['SIGTERM runtime']);
  world.stops();
  assert.deepEqual(world.said(), ['SIGKILL rtpengine', 'SIGKILL runtime']);
});

test('a second stop shortens the grace period', () => {
  const world = new World();
  world.stops();
  world.stops();
  world.said();
  world.clock.advance(5_000);
  assert.deepEqual(world.said(), ['SIGKILL runtime']);
});

test('a container that waits for its restart does not come back after a stop', () => {
  const world = new World();
  world.dies('runtime');
  world.clock.advance(0);
  world.dies('runtime');
  world.said();
  world.stops();
  assert.deepEqual(world.said(), ['SIGTERM rtpengine']);
  world.clock.advance(60_000);
  assert.equal(world.said().includes('spawn runtime'), false);
});

test('RTPEngine is not started again while the pod drains', () => {
  const world = new World();
  world.stops();
  world.said();
  world.dies('rtpengine');
  world.clock.advance(1_000);
  assert.deepEqual(world.said(), []);
  world.dies('runtime');
  assert.deepEqual(world.said(), ['ended']);
});

test('whatever happens, a stopped pod whose processes end is over, and stays over', () => {
  const happening = fc.oneof(
    fc.constantFrom('runtime', 'rtpengine').map((name) => (world: World) => world.dies(name)),
    fc.nat(120_000).map((ms) => (world: World) => world.clock.advance(ms)),
    fc.constant((world: World) => world.stops()),
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const world = new World();
      for (const happen of happenings) happen(world);
      world.stops();
      world.dies('runtime');
      world.dies('rtpengine');
      assert.equal(world.phase, 'Ended');
      world.said();
      world.stops();
      world.clock.advance(1_000_000);
      assert.deepEqual(world.said(), []);
    }),
  );
});
