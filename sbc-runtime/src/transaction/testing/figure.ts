/** For tests: a transaction machine as the table that an RFC would print, and the properties that all four share. */
import assert from 'node:assert/strict';
import type { Machine, Step } from '../step.ts';
import type { StartTimer, StopTimer, TimerName } from '../timers.ts';

type AnyEffect = StartTimer | StopTimer | { readonly kind: Exclude<string, 'start-timer' | 'stop-timer'> };

export interface Figure<State extends string, Event extends string> {
  readonly states: readonly State[];
  readonly events: readonly Event[];
  /** Events that the shell causes at most once. */
  readonly once?: readonly Event[];
  readonly start: (isReliable: boolean) => Step<State, AnyEffect>;
  readonly step: (machine: Machine<State>, event: Event) => Step<State, AnyEffect>;
}

/** `start A T1`, `stop B`, `send-request`. */
export function written(effect: AnyEffect): string {
  if ('after' in effect) return `start ${letter(effect.timer)} ${effect.after}`;
  return 'timer' in effect ? `stop ${letter(effect.timer)}` : effect.kind;
}

const letter = (timer: TimerName) => timer.slice('Timer '.length);

/** One line a cell: `Calling  1xx  -> Proceeding  stop A, stop B`. Cells without a line must change nothing. */
export function assertFigure<State extends string, Event extends string>(
  figure: Figure<State, Event>,
  isReliable: boolean,
  lines: string,
): void {
  const expected = new Map<string, string>();
  for (const line of lines.split('\n')) {
    const [cell, outcome] = line.split('->').map((part) => part.trim().split(/\s{2,}/));
    if (cell === undefined || outcome === undefined) continue;
    expected.set(cell.join(' | '), outcome.join(' | '));
  }
  for (const state of figure.states) {
    for (const event of figure.events) {
      const { next, effects } = figure.step({ state, isReliable }, event);
      const outcome = [next.state, effects.map(written).join(', ')].filter((part) => part !== '').join(' | ');
      assert.equal(outcome, expected.get(`${state} | ${event}`) ?? state, `${state}, ${event}`);
      assert.equal(next.isReliable, isReliable);
      expected.delete(`${state} | ${event}`);
    }
  }
  assert.deepEqual([...expected.keys()], [], 'every line names a cell');
}

export interface Run<State, Event> {
  readonly event: Event;
  readonly before: State;
  readonly after: State;
  readonly effects: readonly AnyEffect[];
}

/**
 * Drives the machine with events of the peer and the user, and with the timers that run, as `choices` pick them. Proves
 * on the way: Terminated is final, no timer is started twice or left running in Terminated.
 */
export function runOf<State extends string, Event extends string>(
  figure: Figure<State, Event>,
  isReliable: boolean,
  choices: readonly number[],
): Run<State, Event>[] {
  const running = new Set<string>();
  const used = new Set<Event>();
  const started = figure.start(isReliable);
  let machine = started.next;
  keepTimers(running, started.effects);
  return choices.flatMap((choice) => {
    const possible = figure.events.filter((event) =>
      event.startsWith('Timer ') ? running.has(event) : !(used.has(event) && figure.once?.includes(event) === true),
    );
    const event = possible[choice % possible.length];
    if (event === undefined) return [];
    used.add(event);
    running.delete(event);
    const before = machine.state;
    const { next, effects } = figure.step(machine, event);
    keepTimers(running, effects);
    if (before === 'Terminated') assert.deepEqual([next.state, effects], ['Terminated', []]);
    if (next.state === 'Terminated') assert.deepEqual([...running], [], 'no timer survives');
    machine = next;
    return [{ event, before, after: next.state, effects }];
  });
}

function keepTimers(running: Set<string>, effects: readonly AnyEffect[]): void {
  for (const effect of effects) {
    if ('after' in effect) {
      assert.ok(!running.has(effect.timer), `${effect.timer} runs already`);
      running.add(effect.timer);
    } else if ('timer' in effect) running.delete(effect.timer);
  }
  const repeating = [...running].filter((timer) => /[AEG]$/.test(timer));
  // The shell holds one retransmission timer and one deadline.
  assert.ok(repeating.length <= 1 && running.size - repeating.length <= 1, `at once: ${[...running].join(', ')}`);
}
