import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallRouteState, NumberPolicyState } from '@teams-sbc/crds/runtime';
import { drawOrder, priorityGroups } from './destination-order.ts';
import { CallRouter, type CallRouterDeps, type RouteDecision } from './route.ts';

const first = () => 0;
const deps: CallRouterDeps = { below: first, readNumber: (user, country) => `${country}:${user}` };

function aRoute(name: string, changes: Partial<CallRouteState> = {}): CallRouteState {
  const destinations = [{ trunk: name, priority: 0, weight: 100 }];
  return { name, priority: 100, called: [], calling: [], destinations, failover: [503], ...changes };
}

function router(callRoutes: CallRouteState[], numberPolicies: NumberPolicyState[] = []): CallRouter {
  return new CallRouter({ routes: [], callRoutes, numberPolicies }, deps);
}

function trunks(decision: RouteDecision): readonly string[] | number {
  return decision.kind === 'routed' ? decision.to : decision.status;
}

/** Numbers that repeat themselves: a linear congruential generator (Numerical Recipes). */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const call = { called: '+4930123', caller: '+4989111' };

test('without CallRoutes the trunk alone decides, and nothing is rewritten or drawn', () => {
  const simple = new CallRouter(
    { routes: [{ from: 'pbx', to: ['teams'] }] },
    { ...deps, below: () => assert.fail('drawn') },
  );
  assert.deepEqual(simple.route('pbx', call), { kind: 'routed', to: ['teams'] });
  assert.deepEqual(simple.route('teams', call), { kind: 'rejected', status: 404, reason: 'no-route' });
});

test('the lowest priority is first, then the oldest, then the first by name, whatever their order', () => {
  const routes = [
    aRoute('low', { priority: 10, called: [{ prefix: '+43' }] }),
    aRoute('younger', { created: '2026-02-01T00:00:00Z' }),
    aRoute('older', { created: '2026-01-01T00:00:00Z', called: [{ prefix: '+4' }] }),
    aRoute('b-first-of-all', { priority: 5, called: [{ exact: '+1' }] }),
    aRoute('a-first-of-all', { priority: 5, called: [{ exact: '+1' }] }),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(routes, { minLength: routes.length }), (shuffled) => {
      const table = router(shuffled);
      const to = (called: string) => trunks(table.route('x', { called, caller: '' }));
      assert.deepEqual(
        [to('+431'), to('+49'), to('+5'), to('+1')],
        [['low'], ['older'], ['younger'], ['a-first-of-all']],
      );
    }),
    { numRuns: 30 },
  );
});

test('a number that none of a trunk’s routes fits is told from a trunk that has none', () => {
  const toBerlin = aRoute('to', { from: 'pbx', called: [{ prefix: '+4930' }] });
  const unknown = { ...call, called: '+1' };
  const reason = (table: CallRouter, from: string) => {
    const decision = table.route(from, unknown);
    return decision.kind === 'rejected' && decision.reason;
  };
  assert.equal(reason(router([toBerlin]), 'pbx'), 'unrouted-number');
  assert.equal(reason(router([toBerlin]), 'teams'), 'no-route');
  assert.equal(reason(router([aRoute('to', { called: [{ prefix: '+4930' }] })]), 'teams'), 'unrouted-number');
});

test('a route matches by trunk, called and calling number together; one entry of a list is enough', () => {
  const table = router([
    aRoute('to', {
      from: 'pbx',
      called: [{ exact: '112' }, { pattern: '+4930.{2,}' }],
      calling: [{ prefix: '+4989' }, { exact: 'anonymous' }],
    }),
  ]);
  for (const [from, called, caller, expected] of [
    ['pbx', '112', '+4989111', ['to']],
    ['pbx', '+4930123;ext=7', '+4989111;x=y', ['to']],
    ['pbx', '+4930123', 'anonymous', ['to']],
    ['pbx', '+49301', '+4989111', 404],
    ['pbx', '1125', '+4989111', 404],
    ['pbx', '112', '+4930', 404],
    ['teams', '112', '+4989111', 404],
  ] as const)
    assert.deepEqual(trunks(table.route(from, { called, caller })), expected, `${from} ${called} ${caller}`);
});

test('603 is no reason to try another destination, whatever the document says', () => {
  const decision = router([aRoute('to', { failover: [486, 603] })]).route('x', call);
  assert.deepEqual(decision.kind === 'routed' && [...(decision.failover ?? [])], [486]);
});

test('a policy rewrites by its first rule that fits, after its country has read the number; ;ext= stays', () => {
  const policies: NumberPolicyState[] = [
    {
      name: 'p',
      rules: [
        { pattern: '0(.*)', replacement: '+49$1' },
        { pattern: '.*', replacement: '9$0' },
      ],
      noMatch: 'Pass',
    },
    { name: 'strict', rules: [{ pattern: '+(.*)', replacement: '00$1' }], noMatch: 'Reject' },
    { name: 'read', country: 'DE', rules: [{ pattern: '1', replacement: '2' }], noMatch: 'Pass' },
  ];
  const rewritten = (changes: Partial<CallRouteState>, called: string, caller = '+1') => {
    const decision = router([aRoute('to', changes)], policies).route('x', { called, caller });
    return decision.kind === 'routed' ? [decision.numbers?.called, decision.numbers?.caller] : decision.status;
  };
  assert.deepEqual(rewritten({ calledPolicy: 'p' }, '030;ext=7'), ['+4930;ext=7', '+1']);
  assert.deepEqual(rewritten({ calledPolicy: 'p', callingPolicy: 'strict' }, '112'), ['9112', '001']);
  assert.deepEqual(rewritten({ callingPolicy: 'strict' }, '112', '030'), 404);
  assert.deepEqual(rewritten({ callingPolicy: 'strict' }, '112', 'anonymous'), ['112', 'anonymous']);
  assert.deepEqual(rewritten({ calledPolicy: 'read' }, '030'), ['DE:030', '+1']);
});

test('a number of which a policy leaves nothing: a call to it is refused, a caller with it is hidden', () => {
  const policies: NumberPolicyState[] = [
    { name: 'none', rules: [{ pattern: '0(.*)', replacement: '$1' }], noMatch: 'Pass' },
  ];
  const decide = (changes: Partial<CallRouteState>, called: string, caller: string) => {
    const decision = router([aRoute('to', changes)], policies).route('x', { called, caller });
    return decision.kind === 'routed' ? [decision.numbers?.called, decision.numbers?.caller] : decision.reason;
  };
  assert.equal(decide({ calledPolicy: 'none' }, '0', '1'), 'rejected-by-route');
  assert.deepEqual(decide({ callingPolicy: 'none' }, '1', '0'), ['1', 'anonymous']);
  assert.deepEqual(decide({ calledPolicy: 'none' }, '', '1'), ['', '1']);
});

test('a # is escaped in URIs and written as it is in routes and policies', () => {
  const policies: NumberPolicyState[] = [
    { name: 'codes', rules: [{ pattern: '(\\*\\d{2})#', replacement: '#$1#' }], noMatch: 'Pass' },
  ];
  const table = router([aRoute('to', { called: [{ exact: '*21#' }], calledPolicy: 'codes' })], policies);
  for (const called of ['*21%23', '%2A21%23', '%2a21#']) {
    const decision = table.route('x', { called: `${called};ext=%23`, caller: '1' });
    assert.equal(decision.kind === 'routed' && decision.numbers?.called, '%23*21%23;ext=%23', called);
  }
  assert.equal(trunks(table.route('x', { called: '*21', caller: '1' })), 404);
});

test('a route that refuses answers with its status and words', () => {
  const table = router([aRoute('no', { destinations: [], reject: { status: 403, phrase: 'Barred' } })]);
  assert.deepEqual(table.route('x', call), {
    kind: 'rejected',
    status: 403,
    phrase: 'Barred',
    reason: 'rejected-by-route',
  });
});

test('destinations get calls by their weights: of 10 000 calls 60, 30 and 10 of a hundred go to 600, 300 and 100', () => {
  const groups = priorityGroups([
    { trunk: 'a', priority: 0, weight: 600 },
    { trunk: 'b', priority: 0, weight: 300 },
    { trunk: 'c', priority: 0, weight: 100 },
    { trunk: 'last', priority: 1, weight: 1000 },
  ]);
  const below = seeded(1);
  const firsts = new Map<string, number>();
  for (let calls = 0; calls < 10_000; calls++) {
    const [chosen = ''] = drawOrder(groups, below);
    firsts.set(chosen, (firsts.get(chosen) ?? 0) + 1);
  }
  const share = (trunk: string) => Math.round((firsts.get(trunk) ?? 0) / 100);
  assert.deepEqual([firsts.get('last'), Math.abs(share('a') - 60) <= 2], [undefined, true]);
  assert.deepEqual([Math.abs(share('b') - 30) <= 2, Math.abs(share('c') - 10) <= 2], [true, true]);
});

test('behind the first one the others stand by their weights among themselves', () => {
  const weights = { heavy: 600, middle: 300, light: 100 };
  const groups = priorityGroups(Object.entries(weights).map(([trunk, weight]) => ({ trunk, priority: 0, weight })));
  const below = seeded(11);
  const seconds = Array.from({ length: 10_000 }, () => drawOrder(groups, below))
    .filter(([first]) => first === 'heavy')
    .map(([, second]) => second);
  const share = seconds.filter((second) => second === 'middle').length / seconds.length;
  assert.ok(Math.abs(share - 0.75) < 0.02, String(share));
});

test('every destination stands once in the order of a call, and never before one of a lower priority', () => {
  const destination = fc.record({ priority: fc.nat(3), weight: fc.integer({ min: 1, max: 1000 }) });
  fc.assert(
    fc.property(fc.array(destination, { maxLength: 16 }), fc.integer(), (entries, seed) => {
      const destinations = entries.map((entry, at) => ({ ...entry, trunk: String(at) }));
      const order = drawOrder(priorityGroups(destinations), seeded(seed));
      assert.deepEqual(order.toSorted(), destinations.map(({ trunk }) => trunk).sort());
      const priorities = order.map((trunk) => destinations[Number(trunk)]?.priority ?? 0);
      assert.deepEqual(
        priorities,
        priorities.toSorted((a, b) => a - b),
      );
    }),
  );
});

const digits = fc.stringMatching(/^[+01]{0,4}$/);
const anyMatch = fc.oneof(
  digits.map((exact) => ({ exact })),
  digits.map((prefix) => ({ prefix })),
  fc.constantFrom('0.*', '+1.', '(0|1)1*', '.*').map((pattern) => ({ pattern })),
);
const anyRoute = fc.record({
  priority: fc.nat(3),
  from: fc.constantFrom(undefined, 'x', 'y'),
  called: fc.array(anyMatch, { maxLength: 3 }),
});

test('thousands of routes are not looked at one by one, and yet the first in order decides', () => {
  fc.assert(
    fc.property(fc.array(anyRoute, { maxLength: 12 }), digits, (parts, called) => {
      const routes = parts.map(({ from, ...rest }, at) =>
        aRoute(`r${String(at).padStart(2, '0')}`, { ...rest, ...(from === undefined ? {} : { from }) }),
      );
      const alone = (route: CallRouteState) =>
        typeof trunks(router([route]).route('x', { called, caller: '' })) !== 'number';
      const expected = routes.toSorted((a, b) => a.priority - b.priority).find(alone);
      assert.deepEqual(
        trunks(router(routes).route('x', { called, caller: '' })),
        expected === undefined ? 404 : [expected.name],
      );
    }),
  );
});
