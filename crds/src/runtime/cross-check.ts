/** What one section of the routing state says about another: names that must exist, names that must not exist twice. */
import type { Problem } from '../problem.ts';
import { callRouteProblems } from './cross-check-routes.ts';
import type { RoutingState, TrunkState } from './document.ts';
import { entry, fault, twins, type Path } from './faults.ts';

export function crossCheck(state: RoutingState): Problem[] {
  return [
    ...duplicates(state),
    ...state.trunks.flatMap((trunk, at) => trunkProblems(state, trunk, at)),
    ...routeProblems(state),
    ...callRouteProblems(state),
  ];
}

function duplicates(state: RoutingState): Problem[] {
  const fqdns = state.trunks.flatMap((trunk, at) =>
    trunk.kind === 'TeamsTrunk'
      ? trunk.fqdns.map((fqdn, ordinal) => entry(fqdn, ['trunks', at, 'fqdns', ordinal]))
      : [],
  );
  return [
    ...twins(state.pods.map((pod, at) => entry(pod.name, ['pods', at, 'name']))),
    ...twins(state.pods.map((pod, at) => entry(String(pod.ordinal), ['pods', at, 'ordinal']))),
    ...twins(state.pods.map((pod, at) => entry(pod.fqdn, ['pods', at, 'fqdn']))),
    ...twins(state.listeners.map((listener, at) => entry(listener.name, ['listeners', at, 'name']))),
    ...twins(
      state.listeners.map(({ protocol, port }, at) => entry(socketOf(protocol, port), ['listeners', at, 'port'])),
    ),
    ...twins(state.certificates.map((certificate, at) => entry(certificate.name, ['certificates', at, 'name']))),
    ...twins(state.trustBundles.map((bundle, at) => entry(bundle.name, ['trustBundles', at, 'name']))),
    ...twins(state.trunks.map((trunk, at) => entry(trunk.name, ['trunks', at, 'name']))),
    ...twins(fqdns),
    ...twins(state.routes.map((route, at) => entry(route.from, ['routes', at, 'from']))),
  ];
}

function trunkProblems(state: RoutingState, trunk: TrunkState, at: number): Problem[] {
  const path: Path = ['trunks', at];
  const protocol = trunk.kind === 'TeamsTrunk' ? 'TLS' : trunk.protocol;
  const problems: Problem[] = [];
  const listener = state.listeners.find(({ name }) => name === trunk.listener);
  if (listener === undefined)
    problems.push(fault([...path, 'listener'], 'the name of an entry of listeners', trunk.listener));
  else if (listener.serves !== trunk.kind || listener.protocol !== protocol)
    problems.push(
      fault(
        [...path, 'listener'],
        `a listener that serves ${trunk.kind} over ${protocol}`,
        `${trunk.listener}, which serves ${listener.serves} over ${listener.protocol}`,
      ),
    );
  if (trunk.kind === 'TeamsTrunk') {
    const last = state.pods.reduce((highest, { ordinal }) => Math.max(highest, ordinal), 0);
    if (trunk.fqdns.length <= last)
      problems.push(
        fault(
          [...path, 'fqdns'],
          `one name for each of the ordinals 0 to ${String(last)}`,
          `${String(trunk.fqdns.length)} names`,
        ),
      );
  } else {
    problems.push(...twins(trunk.peers.map((peer, index) => entry(peer.name, [...path, 'peers', index, 'name']))));
    if ((trunk.tls !== undefined) !== (protocol === 'TLS'))
      problems.push(
        fault(
          [...path, 'tls'],
          'present exactly when the protocol is TLS',
          `${trunk.tls === undefined ? 'nothing' : 'tls'} with ${protocol}`,
        ),
      );
  }
  return [...problems, ...tlsProblems(state, trunk, path)];
}

function tlsProblems(state: RoutingState, { tls }: TrunkState, path: Path): Problem[] {
  if (tls === undefined) return [];
  const problems: Problem[] = [];
  if (!state.certificates.some(({ name }) => name === tls.certificate))
    problems.push(fault([...path, 'tls', 'certificate'], 'the name of an entry of certificates', tls.certificate));
  if (!state.trustBundles.some(({ name }) => name === tls.trustBundle))
    problems.push(fault([...path, 'tls', 'trustBundle'], 'the name of an entry of trustBundles', tls.trustBundle));
  return problems;
}

function routeProblems(state: RoutingState): Problem[] {
  const trunks = new Set(state.trunks.map(({ name }) => name));
  const named = state.routes.flatMap((route, at) => [
    entry(route.from, ['routes', at, 'from']),
    ...route.to.map((name, index) => entry(name, ['routes', at, 'to', index])),
  ]);
  return named
    .filter(({ text }) => !trunks.has(text))
    .map(({ text, path }) => fault(path, 'the name of an entry of trunks', text));
}

/** TCP and TLS share one number space, UDP has its own. */
function socketOf(protocol: string, port: number): string {
  return `${protocol === 'UDP' ? 'UDP' : 'TCP'} port ${String(port)}`;
}
