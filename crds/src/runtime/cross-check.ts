/** What one section of the routing state says about another: names that must exist, names that must not exist twice. */
import { formatPath, type Problem } from '../problem.ts';
import type { RoutingState, TrunkState } from './document.ts';

type Path = readonly (string | number)[];

export function crossCheck(state: RoutingState): Problem[] {
  return [
    ...duplicates(state),
    ...state.trunks.flatMap((trunk, at) => trunkProblems(state, trunk, at)),
    ...routeProblems(state),
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
    const last = Math.max(...state.pods.map((pod) => pod.ordinal));
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

interface Entry {
  readonly text: string;
  readonly path: Path;
}

function entry(text: string, path: Path): Entry {
  return { text, path };
}

/** TCP and TLS share one number space, UDP has its own. */
function socketOf(protocol: string, port: number): string {
  return `${protocol === 'UDP' ? 'UDP' : 'TCP'} port ${String(port)}`;
}

function twins(entries: readonly Entry[]): Problem[] {
  const first = new Map<string, Path>();
  const problems: Problem[] = [];
  for (const { text, path } of entries) {
    const other = first.get(text);
    if (other === undefined) first.set(text, path);
    else problems.push(fault(path, `different from ${formatPath(other)}`, text));
  }
  return problems;
}

function fault(path: Path, allowed: string, found: string): Problem {
  const where = formatPath(path);
  return { path: where, message: `${where}: must be ${allowed} (found ${found})`, found, allowed };
}
