/** One trunk of the document, or the problem for which it is left out. Pure. */
import { endpointsOf, microsoft, pbxPeerNames, teamsPeerNames } from '@teams-sbc/crds';
import type { PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';
import type { ListenerState, TrunkState } from '@teams-sbc/crds/runtime';
import { certificateSecret } from './certificate-secret.ts';
import { compiledEntry, refused } from './compiled.ts';
import type { Compiled } from './compiled.ts';
import { isDerived } from './derived-trunks.ts';
import type { Trunk } from './trunk.ts';
import type { PodName } from './fqdns.ts';
import { trunkFqdns } from './fqdns.ts';
import { maxFqdnLength } from './limits.ts';
import type { ProblemReason } from './problem.ts';
import type { Trust } from './trust-bundles.ts';

export interface TrunkContext {
  readonly instance: SbcInstance;
  readonly pods: readonly PodName[];
  readonly trunk: Trunk;
  readonly listeners: readonly ListenerState[];
  readonly trust: Trust;
}

/** All that the outcome depends on besides the trunk itself and the name of its trust bundle; the same for all trunks. */
export function instanceInputs({ instance, pods, listeners }: Omit<TrunkContext, 'trunk' | 'trust'>): string {
  return JSON.stringify([instance.metadata.name, pods, listeners, certificateSecret(instance)]);
}

export function compileTrunk(context: TrunkContext): Compiled<TrunkState> {
  const { trunk } = context;
  return trunk.kind === 'TeamsTrunk' ? compileTeams(context, trunk) : compilePbx(context, trunk);
}

function compileTeams(context: TrunkContext, trunk: TeamsTrunk): Compiled<TrunkState> {
  const { instance, pods, trust } = context;
  const { spec } = trunk;
  const listener = findListener(context, 'TLS');
  if (listener === undefined) return noListener(trunk, 'spec.sbcRef', 'TLS');
  const onlyPort = microsoft.regions[spec.region].listenerPort;
  if (onlyPort !== undefined && listener.port !== onlyPort) {
    const message = `found port ${String(listener.port)} of the listener for TeamsTrunk in SbcInstance/${instance.metadata.name}, allowed ${String(onlyPort)} alone, because Microsoft dials no other port from ${spec.region}`;
    return refuse(trunk, 'spec.region', 'PortMismatch', message);
  }
  const fqdns = trunkFqdns(pods, trunk);
  if (fqdns.length < instance.spec.replicas) {
    const message = `found ${String(fqdns.length)}, allowed at least one for each of the ${String(instance.spec.replicas)} replicas of SbcInstance/${instance.metadata.name}`;
    return refuse(trunk, 'spec.fqdns', 'FqdnsMismatch', message);
  }
  const long = fqdns.find((fqdn) => fqdn.length > maxFqdnLength);
  if (long !== undefined) {
    const message = `found ${long} with ${String(long.length)} characters, allowed ${String(maxFqdnLength)} (Microsoft's limit for the name of an SBC)`;
    return refuse(trunk, spec.fqdns === undefined ? 'spec.subdomain' : 'spec.fqdns', 'InvalidName', message);
  }
  return compiledEntry(trunk, 'trunks', {
    kind: 'TeamsTrunk',
    name: trunk.metadata.name,
    listener: listener.name,
    fqdns,
    dataCentres: endpointsOf(spec).map(({ host, port }) => ({ host, port })),
    allowCIDRs: [...spec.allowCIDRs],
    tls: {
      certificate: certificateSecret(instance),
      trustBundle: trust.nameOf(spec.tls.trust),
      peerNames: [...teamsPeerNames(spec)],
    },
    // Teams: a customer's trunk below a carrier's has the health of the carrier's, which alone sends OPTIONS.
    options: { periodSeconds: isDerived(trunk) ? 0 : spec.options.periodSeconds },
    codecs: [...spec.codecs],
    earlyMedia: spec.earlyMedia,
  });
}

function compilePbx(context: TrunkContext, trunk: PbxTrunk): Compiled<TrunkState> {
  const { spec } = trunk;
  const listener = findListener(context, spec.transport);
  if (listener === undefined) return noListener(trunk, 'spec.transport', spec.transport);
  const tls = spec.tls && {
    certificate: certificateSecret(context.instance),
    trustBundle: context.trust.nameOf(spec.tls.trust),
    peerNames: [...pbxPeerNames(spec)],
  };
  return compiledEntry(trunk, 'trunks', {
    kind: 'PbxTrunk',
    name: trunk.metadata.name,
    listener: listener.name,
    protocol: spec.transport,
    peers: spec.peers.map(({ name, host, port }) => ({ name, host, ...(port === undefined ? {} : { port }) })),
    allowCIDRs: [...spec.allowCIDRs],
    ...(tls === undefined ? {} : { tls }),
    ...(spec.auth === undefined ? {} : { auth: { secret: spec.auth.secretRef.name } }),
    options: { periodSeconds: spec.options.periodSeconds },
    codecs: [...spec.codecs],
    srtp: spec.media.srtp,
    ...(spec.numbers.country === undefined ? {} : { country: spec.numbers.country }),
  });
}

function findListener(
  { listeners, trunk }: TrunkContext,
  protocol: ListenerState['protocol'],
): ListenerState | undefined {
  return listeners.find((listener) => listener.serves === trunk.kind && listener.protocol === protocol);
}

function noListener(trunk: Trunk, field: string, transport: string): Compiled<TrunkState> {
  const name = trunk.spec.sbcRef.name;
  const message = `found no listener for ${trunk.kind} over ${transport} in SbcInstance/${name}, add {kind: ${trunk.kind}, transport: ${transport}} to its spec.listeners`;
  return refuse(trunk, field, 'NoListener', message);
}

function refuse(trunk: Trunk, field: string, reason: ProblemReason, message: string): Compiled<TrunkState> {
  return { hash: '', problems: [refused(trunk, field, reason, message)] };
}
