/** What the four transaction machines share: a table of state × event whose cells are constants, so that a step allocates nothing. */

/** Where a transaction stands. A constant, shared by all transactions that stand there. */
export interface Machine<State extends string> {
  readonly state: State;
  /** On TCP and TLS nothing is retransmitted and nothing waits for retransmissions (RFC 3261 §17). */
  readonly isReliable: boolean;
}

/** What one event has decided. The effect that calls the user stands last: the user may cause the next step. */
export interface Step<State extends string, Effect> {
  readonly next: Machine<State>;
  readonly effects: readonly Effect[];
}

/** Every cell is listed: an event that a state ignores leads to a step without effects. */
export type StepTable<State extends string, Event extends string, Effect> = Readonly<
  Record<State, Readonly<Record<Event, Step<State, Effect>>>>
>;

/** `to(state, ...effects)` for the cells of one table. */
export function stepsOf<State extends string, Effect>(
  isReliable: boolean,
): (state: State, ...effects: readonly (Effect | undefined)[]) => Step<State, Effect> {
  const machines = new Map<State, Machine<State>>();
  return (state, ...effects) => {
    const next = machines.get(state) ?? { state, isReliable };
    machines.set(state, next);
    return { next, effects: effects.filter((effect) => effect !== undefined) };
  };
}

export type ResponseClass = '1xx' | '2xx' | '300-699';

export function responseClass(status: number): ResponseClass {
  if (status < 200) return '1xx';
  return status < 300 ? '2xx' : '300-699';
}
