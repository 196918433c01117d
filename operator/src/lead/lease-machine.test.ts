import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Lease } from './lease.ts';
import { microTime } from './lease.ts';
import { holdsLease, initialLease, leaseTimes, stepLease } from './lease-machine.ts';
import type { LeaseEffect, LeaseEvent, LeaseState, Moment } from './lease-machine.ts';

const times = leaseTimes;
const wallStartMs = Date.UTC(2026, 0, 1);
const moment = (nowMs: number): Moment => ({ nowMs, wallMs: wallStartMs + nowMs });

const leaseOf = (holderIdentity: string, resourceVersion: string, seconds = 15): Lease => ({
  resourceVersion,
  spec: { holderIdentity, leaseDurationSeconds: seconds, acquireTime: '', renewTime: '', leaseTransitions: 3 },
});

class Played {
  state: LeaseState = initialLease;
  effects: readonly LeaseEffect[] = [];

  at(nowMs: number, event: LeaseEvent, at: Moment = moment(nowMs)): this {
    ({ state: this.state, effects: this.effects } = stepLease(this.state, event, {
      identity: 'a',
      times,
      at,
      chance: 0,
    }));
    return this;
  }

  get kinds(): readonly string[] {
    return this.effects.map(({ kind }) => kind);
  }
}

const read = (lease: Lease | undefined): LeaseEvent => ({ kind: 'read', lease });
const written = (version: string): LeaseEvent => ({ kind: 'written', lease: leaseOf('a', version) });
const leading = () => new Played().at(0, { kind: 'start' }).at(10, read(undefined)).at(20, written('1'));

describe('Leader election', () => {
  it('makes the lease where there is none, and leads from the moment before the write was sent', () => {
    const played = new Played().at(0, { kind: 'start' }).at(10, read(undefined));
    assert.deepEqual(played.kinds, ['write']);
    played.at(500, written('1'));
    assert.deepEqual(played.kinds, ['lead', 'start-timer']);
    assert.equal(holdsLease(played.state, times, moment(10_009)), true);
    assert.equal(holdsLease(played.state, times, moment(10_010)), false);
  });

  it('leaves the lease of another alone until it has not changed for its whole duration by our own clock', () => {
    const played = new Played().at(0, { kind: 'start' }).at(0, read(leaseOf('b', '5')));
    assert.deepEqual(played.kinds, ['start-timer']);
    played.at(14_000, { kind: 'timer' }).at(14_000, read(leaseOf('b', '6')));
    assert.deepEqual(played.kinds, ['start-timer']);
    played.at(28_999, { kind: 'timer' }).at(28_999, read(leaseOf('b', '6')));
    assert.deepEqual(played.kinds, ['start-timer']);
    played.at(29_000, { kind: 'timer' }).at(29_000, read(leaseOf('b', '6')));
    const [write] = played.effects;
    assert.ok(write?.kind === 'write');
    assert.deepEqual([write.resourceVersion, write.spec.holderIdentity, write.spec.leaseTransitions], ['6', 'a', 4]);
  });

  it('does not take the lease of another because our wall clock was set ahead', () => {
    const ahead = { nowMs: 1_000, wallMs: wallStartMs + 3_600_000 };
    const played = new Played().at(0, { kind: 'start' }).at(0, read(leaseOf('b', '5')));
    played.at(1_000, { kind: 'timer' }, ahead).at(1_000, read(leaseOf('b', '5')), ahead);
    assert.deepEqual(played.kinds, ['start-timer']);
  });

  it('takes a lease that was given back at once', () => {
    assert.deepEqual(new Played().at(0, { kind: 'start' }).at(0, read(leaseOf('', '5', 1))).kinds, ['write']);
  });

  it('looks again where somebody was faster', () => {
    const played = new Played().at(0, { kind: 'start' }).at(0, read(undefined)).at(1, { kind: 'conflict' });
    assert.deepEqual(played.kinds, ['read']);
    assert.deepEqual(played.at(2, read(leaseOf('b', '1'))).kinds, ['start-timer']);
  });

  it('renews every two seconds with the version that it knows', () => {
    const played = leading().at(2_020, { kind: 'timer' });
    const [write] = played.effects;
    assert.ok(write?.kind === 'write');
    assert.deepEqual([write.resourceVersion, write.spec.renewTime], ['1', '2026-01-01T00:00:02.020000Z']);
    assert.deepEqual(played.at(2_030, written('2')).effects, [{ kind: 'start-timer', afterMs: 2_000 }]);
  });

  it('stops where it could not renew for ten seconds: five before anybody else may begin', () => {
    const played = leading().at(2_020, { kind: 'timer' }).at(7_020, { kind: 'failed' });
    assert.deepEqual(played.kinds, ['start-timer']);
    assert.deepEqual(played.at(10_020, { kind: 'timer' }).kinds, ['stop-timer', 'lost']);
    assert.deepEqual(played.at(10_021, written('2')).kinds, []);
  });

  it('stops where it finds another holder', () => {
    const played = leading().at(2_020, { kind: 'timer' }).at(2_030, { kind: 'conflict' });
    assert.deepEqual(played.kinds, ['read']);
    assert.deepEqual(played.at(2_040, read(leaseOf('b', '9'))).kinds, ['stop-timer', 'lost']);
  });

  it('goes on where the conflict was its own write, whose answer was lost', () => {
    const played = leading().at(2_020, { kind: 'timer' }).at(3_000, { kind: 'failed' });
    played
      .at(5_000, { kind: 'timer' })
      .at(5_010, { kind: 'conflict' })
      .at(5_020, read(leaseOf('a', '2')));
    const [write] = played.effects;
    assert.ok(write?.kind === 'write' && write.resourceVersion === '2');
    assert.deepEqual(played.at(5_030, written('3')).kinds, ['start-timer']);
  });

  it('holds no lease after a pause, whichever of both clocks saw it', () => {
    const { state } = leading();
    assert.equal(holdsLease(state, times, { nowMs: 12_000, wallMs: wallStartMs + 30 }), false);
    assert.equal(holdsLease(state, times, { nowMs: 30, wallMs: wallStartMs + 12_000 }), false);
    assert.equal(holdsLease(state, times, { nowMs: 30, wallMs: wallStartMs - 3_600_000 }), true);
  });

  it('does not believe an answer that came too late', () => {
    const played = new Played().at(0, { kind: 'start' }).at(0, read(undefined)).at(10_000, written('1'));
    assert.deepEqual([played.kinds, played.state.role], [['start-timer'], 'standby']);
  });

  it('gives its lease back on release, and writes nothing where it has none', () => {
    const [, giveUp] = leading().at(3_000, { kind: 'release' }).effects;
    assert.ok(giveUp?.kind === 'give-up');
    assert.deepEqual([giveUp.resourceVersion, giveUp.spec.holderIdentity, giveUp.spec.leaseDurationSeconds], ['1', '', 1]); // prettier-ignore
    assert.deepEqual(new Played().at(0, { kind: 'start' }).at(1, { kind: 'release' }).kinds, ['stop-timer']);
  });

  it('gives its lease back on release after the answer to a renewal that is under way', () => {
    const released = leading().at(2_000, { kind: 'timer' }).at(2_001, { kind: 'release' });
    assert.deepEqual([released.kinds, released.state.role], [['stop-timer'], 'over']);
    const [giveUp] = released.at(2_002, written('2')).effects;
    assert.ok(giveUp?.kind === 'give-up');
    assert.deepEqual([giveUp.resourceVersion, giveUp.spec.holderIdentity], ['2', '']);
    assert.deepEqual(released.at(2_003, { kind: 'failed' }).kinds, []);
  });

  it('writes times with the six digits that Go reads', () => {
    assert.equal(microTime(Date.UTC(2026, 0, 1, 0, 0, 0, 166)), '2026-01-01T00:00:00.166000Z');
  });
});

/** Two processes and an API server on one time line: requests take time or get lost, processes are stopped and go on. */
class Arena {
  nowMs = 0;
  lease: Lease | undefined;
  version = 0;
  #queue: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  later(afterMs: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + afterMs, order: this.#order++, run });
  }

  play(untilMs: number, after: () => void): void {
    for (;;) {
      this.#queue.sort((one, other) => one.atMs - other.atMs || one.order - other.order);
      const next = this.#queue[0];
      if (next === undefined || next.atMs > untilMs) return;
      this.#queue.shift();
      this.nowMs = next.atMs;
      next.run();
      after();
    }
  }
}

class Candidate {
  state = initialLease;
  stoppedUntilMs = 0;
  #timer = 0;
  readonly #arena: Arena;
  readonly #identity: string;
  readonly #delay: () => number;

  constructor(arena: Arena, identity: string, delay: () => number) {
    this.#arena = arena;
    this.#identity = identity;
    this.#delay = delay;
    this.#on({ kind: 'start' });
  }

  get mayWrite(): boolean {
    return this.#arena.nowMs >= this.stoppedUntilMs && holdsLease(this.state, times, moment(this.#arena.nowMs));
  }

  /** A process that is stopped hears nothing until it goes on. */
  #on(event: LeaseEvent): void {
    const pause = this.stoppedUntilMs - this.#arena.nowMs;
    if (pause > 0) {
      this.#arena.later(pause, () => this.#on(event));
      return;
    }
    const at = moment(this.#arena.nowMs);
    const { state, effects } = stepLease(this.state, event, { identity: this.#identity, times, at, chance: 0.3 });
    this.state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: LeaseEffect): void {
    if (effect.kind === 'start-timer') {
      const timer = ++this.#timer;
      this.#arena.later(effect.afterMs, () => timer === this.#timer && this.#on({ kind: 'timer' }));
    } else if (effect.kind === 'stop-timer') this.#timer++;
    else if (effect.kind === 'read') this.#ask(() => ({ kind: 'read', lease: this.#arena.lease }));
    else if (effect.kind === 'write' || effect.kind === 'give-up') this.#ask(() => this.#written(effect));
  }

  #written({ spec, resourceVersion }: Extract<LeaseEffect, { kind: 'write' | 'give-up' }>): LeaseEvent {
    const arena = this.#arena;
    if (arena.lease?.resourceVersion !== resourceVersion) return { kind: 'conflict' };
    arena.lease = { resourceVersion: String(++arena.version), spec };
    return { kind: 'written', lease: arena.lease };
  }

  #ask(carryOut: () => LeaseEvent): void {
    const [there, back] = [this.#delay(), this.#delay()];
    // Lost on its way there, or on its way back: the client gives up after five seconds.
    this.#arena.later(Math.min(there, 5_000), () => {
      if (there > 4_000) this.#on({ kind: 'failed' });
      else {
        const event = carryOut();
        this.#arena.later(Math.min(back, 5_000 - there), () => this.#on(back > 4_000 ? { kind: 'failed' } : event));
      }
    });
  }
}

describe('Two processes', () => {
  it('never may write at once, whatever is slow, lost or stopped', () => {
    const pauses = fc.array(fc.record({ who: fc.boolean(), atMs: fc.nat(200_000), forMs: fc.nat(40_000) }), {
      maxLength: 6,
    });
    const delays = fc.infiniteStream(fc.oneof({ weight: 6, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(6_000) })); // prettier-ignore
    let writers = 0;
    fc.assert(
      fc.property(pauses, delays, (stops, stream) => {
        const arena = new Arena();
        const delay = () => stream.next().value as number;
        const one = new Candidate(arena, 'one', delay);
        const other = new Candidate(arena, 'other', delay);
        for (const { who, atMs, forMs } of stops) {
          arena.later(atMs, () => ((who ? one : other).stoppedUntilMs = arena.nowMs + forMs));
        }
        for (let ms = 0; ms < 250_000; ms += 250) arena.later(ms, () => undefined);
        arena.play(250_000, () => {
          assert.ok(!(one.mayWrite && other.mayWrite));
          if (one.mayWrite || other.mayWrite) writers++;
        });
      }),
      { numRuns: 150 },
    );
    assert.ok(writers > 10_000);
  });
});
