import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import { HandshakeBudget } from './handshake-budget.ts';

function setUp() {
  const clock = new VirtualClock();
  const budget = new HandshakeBudget(clock);
  /** How many of so many begin. */
  const taken = (address: string, count: number) =>
    Array.from({ length: count }, () => budget.take(address)).filter(Boolean).length;
  return { clock, budget, taken };
}

describe('The budget of handshakes', () => {
  it('gives a stranger four a second, and all strangers forty', () => {
    const { clock, taken } = setUp();
    assert.equal(taken('192.0.2.1', 10), 4);
    for (let at = 2; at < 100; at += 1) taken(`192.0.2.${at}`, 4);
    assert.equal(taken('198.51.100.1', 1), 0);
    clock.advance(999);
    assert.equal(taken('198.51.100.1', 1), 0);
    clock.advance(1);
    assert.equal(taken('198.51.100.1', 10), 4);
  });

  it('lets in who has shown the token, however many strangers come', () => {
    const { budget, taken } = setUp();
    budget.befriend('10.0.0.1');
    for (let at = 1; at < 100; at += 1) taken(`192.0.2.${at}`, 4);
    assert.equal(taken('10.0.0.1', 60), 50);
  });

  it('knows eight friends: the one that showed the token longest ago becomes a stranger', () => {
    const { budget, taken } = setUp();
    for (let at = 1; at <= 8; at += 1) budget.befriend(`10.0.0.${at}`);
    budget.befriend('10.0.0.1');
    budget.befriend('10.0.0.9');
    assert.deepEqual([taken('10.0.0.2', 10), taken('10.0.0.1', 10), taken('10.0.0.9', 10)], [4, 10, 10]);
  });
});
