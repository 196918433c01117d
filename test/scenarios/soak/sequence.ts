/** Numbers that look random and are the same in every run (a linear congruential generator, Numerical Recipes). */
export function sequence(seed: number): { readonly below: (limit: number) => number } {
  let state = seed >>> 0;
  return {
    below: (limit) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      // The low digits of such a generator repeat soon.
      return (state >>> 8) % limit;
    },
  };
}
