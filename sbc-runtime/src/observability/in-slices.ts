/** Long work for an operator, done between the turns of the loop that calls need. */

/** Takes one slice a turn. `nextTurn` resolves once the loop has served the others. */
export async function inSlices<T>(work: Iterator<unknown, T>, nextTurn: () => Promise<unknown>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
