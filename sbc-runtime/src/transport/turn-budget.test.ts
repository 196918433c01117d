import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { TurnBudget, workOf } from './turn-budget.ts';

/** Peers with so many messages each, and turns that come when the test says so. */
class Desk {
  readonly clock = new VirtualClock();
  readonly done: string[] = [];
  readonly #turns: (() => void)[] = [];
  readonly budget: TurnBudget;

  constructor(limits: { readonly turnMs: number; readonly turnWork: number }, costMs = 0) {
    this.budget = new TurnBudget({ clock: this.clock, limits, later: (turn) => this.#turns.push(turn) });
    this.#costMs = costMs;
  }

  readonly #costMs: number;

  /** Until it is told to wait. */
  work(name: string, messages: number): void {
    for (let left = messages; left > 0;) {
      this.done.push(name);
      this.clock.advance(this.#costMs);
      left -= 1;
      if (!this.budget.spend(1)) continue;
      const rest = left;
      this.budget.wait({ goOn: () => this.work(name, rest) });
      return;
    }
  }

  turn(): number {
    const before = this.done.length;
    for (const turn of this.#turns.splice(0)) turn();
    return this.done.length - before;
  }

  get turns(): number {
    return this.#turns.length;
  }
}

test('a few messages ask neither the clock nor for another turn', () => {
  const desk = new Desk({ turnMs: 5, turnWork: 256 });
  desk.work('a', 15);
  assert.deepEqual([desk.done.length, desk.turns], [15, 0]);
});

test('after so many messages the rest waits for the next turn, and nobody begins more in this one', () => {
  const desk = new Desk({ turnMs: 5, turnWork: 32 });
  desk.work('flood', 100);
  assert.equal(desk.done.length, 32);
  assert.equal(desk.budget.isOver, true);
  let turns = 0;
  for (; desk.turns > 0; turns++) assert.ok(desk.turn() <= 32);
  assert.deepEqual([desk.done.length, desk.budget.isOver], [100, false]);
  assert.ok(turns >= 3);
});

test('messages that take long end the turn by the time they took', () => {
  const desk = new Desk({ turnMs: 5, turnWork: 256 }, 1);
  desk.work('slow', 100);
  assert.ok(
    desk.done.length <= 16 + 8,
    'sixteen before the clock is read, five milliseconds, and a look at every fourth',
  );
  while (desk.turns > 0) assert.ok(desk.turn() <= 8);
  assert.equal(desk.done.length, 100);
});

test('those that wait take turns, however much each of them has', () => {
  const desk = new Desk({ turnMs: 5, turnWork: 64 });
  desk.work('a', 1000);
  desk.work('b', 1000);
  desk.work('c', 17);
  const before = desk.done.length;
  while (desk.done.filter((name) => name === 'c').length < 17) desk.turn();
  assert.equal(desk.done.length - before, 64, 'one slice of each');
  while (desk.turns > 0) desk.turn();
  assert.equal(desk.done.length, 2017);
});

test('after the waiting ones have worked, others have the whole budget in the same turn', () => {
  const desk = new Desk({ turnMs: 5, turnWork: 32 });
  desk.work('flood', 1000);
  desk.turn();
  assert.equal(desk.budget.isOver, false);
  desk.work('other', 15);
  assert.equal(desk.done.filter((name) => name === 'other').length, 15);
});

test('who is gone is not called', () => {
  const desk = new Desk({ turnMs: 5, turnWork: 32 });
  const gone = { goOn: () => desk.done.push('gone') };
  desk.budget.wait(gone);
  desk.budget.forget(gone);
  desk.turn();
  assert.deepEqual([desk.done, desk.turns], [[], 0]);
});

test('a long message counts for more', () => {
  assert.deepEqual([workOf(0), workOf(4095), workOf(4096), workOf(65_536)], [1, 1, 2, 17]);
});
