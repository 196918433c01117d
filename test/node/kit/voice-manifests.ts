/** What a person applies for an SBC with a certificate of cert-manager, without namespaces. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secret, teamsTrunk, pbxTrunk, trustMap } from '../../cluster/calls/manifests.ts';
import type { Pki } from '../../kit/pki.ts';
import { fabric } from './fabric.ts';

export type NetworkMode = 'ClusterPod' | 'HostNetwork' | 'LoadBalancerPerPod';

export interface VoiceOptions {
  readonly mode: NetworkMode;
  readonly replicas: number;
  readonly drainSeconds: number;
  readonly maxCalls: number;
  /** A ClusterIssuer. Default: the issuer of `authority`. */
  readonly clusterIssuer?: string;
  /** Default: that of the product. */
  readonly logLevel?: string;
}

export const DOMAIN = 'voice.example.com';
export const DATA_CENTRES = ['sip', 'sip2', 'sip3'].map((name) => `${name}.pstnhub.microsoft.com`);
/** Far ends are looked at that often, so that a day fits into minutes. */
const OPTIONS_SECONDS = 5;
const PORTS_PER_CALL = 4;
const FIRST_MEDIA_PORT = 30_000;

/** An issuer that signs with the authority that the simulated Microsoft trusts. */
export function authority(pki: Pki, name = 'authority'): object[] {
  const file = (ending: string) => readFileSync(join(pki.directory, 'trusted', `ca.${ending}`), 'latin1');
  return [
    secret(name, 'kubernetes.io/tls', { 'tls.crt': file('crt'), 'tls.key': file('key') }),
    { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name }, spec: { ca: { secretName: name } } },
  ];
}

export function voiceInstance(options: VoiceOptions): object {
  const { mode, replicas, drainSeconds, maxCalls, clusterIssuer, logLevel } = options;
  const issuer = { name: clusterIssuer ?? 'authority', kind: clusterIssuer === undefined ? 'Issuer' : 'ClusterIssuer' };
  return {
    apiVersion: 'teams-sbc.dev/v1alpha1',
    kind: 'SbcInstance',
    metadata: { name: 'sbc' },
    spec: {
      domain: DOMAIN,
      replicas,
      tls: { issuerRef: issuer },
      network: { mode },
      media: { portRange: { start: FIRST_MEDIA_PORT, end: FIRST_MEDIA_PORT + PORTS_PER_CALL * maxCalls - 1 } },
      capacity: { maxCalls, maxCallsPerSecond: 100 },
      drain: { timeoutSeconds: drainSeconds },
      ...(logLevel === undefined ? {} : { observability: { logLevel } }),
    },
  };
}

/** With the roots that the far ends' certificates chain to. */
export function voiceTrunks(pki: Pki, pbxAddress: string): object[] {
  return [
    trustMap(pki.root),
    teamsTrunk('teams', {
      endpoints: DATA_CENTRES.map((host) => ({ host, port: 5061 })),
      allowCIDRs: [fabric.cidr],
      options: { periodSeconds: OPTIONS_SECONDS },
    }),
    pbxTrunk('pbx', pbxAddress),
  ];
}
