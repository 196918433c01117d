/** Teams and two PBXs on trunks of their own, with the CallRoutes that a scenario is about. */
import type { CallRouteState, NumberPolicyState, RoutingState } from '@teams-sbc/crds/runtime';
import { pbxTrunk, routingState, teamsTrunk } from '../../kit/routing-state.ts';
import { pbxParty, teamsParty, type Setup } from '../../kit/setups.ts';

export function callRoute(changes: Partial<CallRouteState> & { readonly name: string }): CallRouteState {
  return { priority: 100, called: [], calling: [], destinations: [], failover: [408, 500, 502, 503, 504], ...changes };
}

export function to(...trunks: readonly string[]): CallRouteState['destinations'] {
  return trunks.map((trunk, priority) => ({ trunk, priority, weight: 100 }));
}

export function policy(
  name: string,
  rules: NumberPolicyState['rules'],
  changes: Partial<NumberPolicyState> = {},
): NumberPolicyState {
  return { name, rules, noMatch: 'Pass', ...changes };
}

export function routedState(
  callRoutes: readonly CallRouteState[],
  numberPolicies: readonly NumberPolicyState[] = [],
): RoutingState {
  const pbx = (name: string, hosts: readonly string[]) =>
    pbxTrunk({
      name,
      peers: hosts.map((host, at) => ({ name: `host-${String(at)}`, host, port: 5060 })),
      allowCIDRs: hosts.map((host) => `${host}/32`),
    });
  return routingState({
    trunks: [teamsTrunk(), pbx('one', ['10.0.0.2', '10.0.0.4']), pbx('two', ['10.0.0.3'])],
    routes: [],
    callRoutes: [...callRoutes],
    numberPolicies: [...numberPolicies],
  });
}

/** `pbxOther` is the second host of the trunk of `pbxOne`. */
export function routed(
  callRoutes: readonly CallRouteState[],
  numberPolicies: readonly NumberPolicyState[] = [],
): Setup<'teams' | 'pbxOne' | 'pbxOther' | 'pbxTwo'> {
  return {
    state: routedState(callRoutes, numberPolicies),
    parties: {
      teams: teamsParty(),
      pbxOne: pbxParty('pbxOne', '10.0.0.2', 'one'),
      pbxOther: pbxParty('pbxOther', '10.0.0.4', 'one'),
      pbxTwo: pbxParty('pbxTwo', '10.0.0.3', 'two'),
    },
  };
}
