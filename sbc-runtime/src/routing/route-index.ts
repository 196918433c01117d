/**
 * Routes by what the called number begins with: a carrier has a route for each of thousands of customers, and a call looks
 * at the few whose first digits are its own. Pure.
 */

interface Indexed {
  /** Every called number that it fits begins with one of them; `''`: any number may. */
  readonly prefixes: readonly string[];
  /** Its place among all routes: the lowest that fits decides. */
  readonly place: number;
}

export class RouteIndex<Route extends Indexed> {
  readonly #byPrefix = new Map<string, Route[]>();
  /** Of the prefixes, ascending. */
  readonly #lengths: readonly number[];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      for (const prefix of new Set(route.prefixes)) {
        const others = this.#byPrefix.get(prefix);
        if (others === undefined) this.#byPrefix.set(prefix, [route]);
        else others.push(route);
      }
    }
    this.#lengths = [...new Set([...this.#byPrefix.keys()].map(({ length }) => length))].sort((a, b) => a - b);
  }

  first(called: string, fits: (route: Route) => boolean): Route | undefined {
    let best: Route | undefined;
    for (const length of this.#lengths) {
      if (length > called.length) break;
      for (const route of this.#byPrefix.get(called.slice(0, length)) ?? []) {
        if (best !== undefined && best.place <= route.place) break;
        if (fits(route)) best = route;
      }
    }
    return best;
  }
}
