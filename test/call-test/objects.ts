/** What the test applies: an SBC of one pod between the test's own pod, which plays Teams, and the same pod, which plays a PBX. Pure. */
import type { CallCertificates } from './certificates.ts';
import type { Settings } from './settings.ts';

/** Names that exist nowhere else: `.internal` is nobody's (ICANN 2024-07-29). Nothing of this test can reach Microsoft. */
const DOMAIN = 'call-test.internal';
export const SBC_FQDN = `sbc.${DOMAIN}`;
export const TEAMS_HOST = `teams.${DOMAIN}`;

const apiVersion = 'teams-sbc.dev/v1alpha1';
const labels = { 'app.kubernetes.io/name': 'teams-sbc', 'app.kubernetes.io/component': 'call-test' };
const BUNDLE_KEY = 'ca.crt';

export interface PlannedObject {
  readonly apiVersion: string;
  readonly kind: string;
  /** Of its kind in the path of the API. */
  readonly plural: string;
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** Two trunks of an instance have two names. */
export const teamsTrunkName = (name: string): string => `${name}-teams`;
export const pbxTrunkName = (name: string): string => `${name}-pbx`;

/** Owned by the pod of the test: gone when it is, at the latest. */
export function plannedInstance({ name, pod, imagePullSecrets }: Settings): PlannedObject {
  return {
    apiVersion,
    kind: 'SbcInstance',
    plural: 'sbcinstances',
    metadata: { name, labels, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid }] },
    spec: {
      domain: DOMAIN,
      hostnameTemplate: 'sbc',
      tls: { secretRef: { name } },
      network: { mode: 'ClusterPod', hostAliases: [{ ip: pod.address, hostnames: [TEAMS_HOST] }] },
      media: { portRange: { start: 30_000, end: 30_039 } },
      capacity: { maxCalls: 10, maxCallsPerSecond: 10 },
      drain: { timeoutSeconds: 0 },
      ...(imagePullSecrets.length === 0
        ? {}
        : { podTemplate: { imagePullSecrets: imagePullSecrets.map((each) => ({ name: each })) } }),
    },
  };
}

/** Owned by the SbcInstance, which waits for their end when it is deleted. */
export function plannedRest(
  { name, pod }: Settings,
  instanceUid: string,
  { root, sbc }: CallCertificates,
): readonly PlannedObject[] {
  const owner = { apiVersion, kind: 'SbcInstance', name, uid: instanceUid, blockOwnerDeletion: true };
  const metadata = { name, labels, ownerReferences: [owner] };
  const named = (own: string) => ({ ...metadata, name: own });
  const sbcRef = { name };
  const allowCIDRs = [`${pod.address}/${pod.address.includes(':') ? 128 : 32}`];
  const options = { periodSeconds: 5 };
  const trust = { caBundleRef: { kind: 'ConfigMap', name, key: BUNDLE_KEY } };
  const endpoints = [{ host: TEAMS_HOST, port: 5061 }];
  const peers = [{ name: 'call-test', host: pod.address, port: 5060 }];
  const stringData = { 'tls.crt': sbc.certificate, 'tls.key': sbc.key };
  return [
    { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', metadata, type: 'kubernetes.io/tls', stringData },
    { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', metadata, data: { [BUNDLE_KEY]: root } },
    {
      ...{ apiVersion, kind: 'TeamsTrunk', plural: 'teamstrunks', metadata: named(teamsTrunkName(name)) },
      spec: { sbcRef, endpoints, tls: { trust }, allowCIDRs, options },
    },
    {
      ...{ apiVersion, kind: 'PbxTrunk', plural: 'pbxtrunks', metadata: named(pbxTrunkName(name)) },
      spec: { sbcRef, peers, allowCIDRs, options },
    },
  ];
}
