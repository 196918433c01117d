/** Manifests of an SBC on loopback addresses: nobody stands behind the far ends, whose state is the subject of other tests. */
import { certificate, key } from '../../../operator/test/certificates.ts';

type Fields = Readonly<Record<string, unknown>>;

const apiVersion = 'teams-sbc.dev/v1alpha1';
const sbcRef = { name: 'sbc' };
const base64 = (text: string) => Buffer.from(text).toString('base64');

export { certificate };

export const tlsSecret = {
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/tls',
  metadata: { name: 'sbc-tls' },
  data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
};

export function sbc(spec: Fields = {}, annotations: Readonly<Record<string, string>> = {}) {
  return {
    apiVersion,
    kind: 'SbcInstance',
    metadata: { name: 'sbc', annotations },
    spec: {
      domain: 'voice.example.com',
      tls: { secretRef: { name: 'sbc-tls' } },
      network: { mode: 'ClusterPod', hostAliases: [{ ip: '127.0.0.1', hostnames: ['sip.teams.test'] }] },
      media: { engine: 'None' },
      drain: { timeoutSeconds: 5 },
      ...spec,
    },
  };
}

/** Port 1 of the pod itself: refused at once, always. */
export function teamsTrunk(name: string, spec: Fields = {}) {
  const endpoints = [{ host: 'sip.teams.test', port: 1 }];
  return { apiVersion, kind: 'TeamsTrunk', metadata: { name }, spec: { sbcRef, endpoints, ...spec } };
}

export function pbxTrunk(name: string, host: string, spec: Fields = {}) {
  const peers = [{ name: 'a', host }];
  const options = { periodSeconds: 0 };
  return { apiVersion, kind: 'PbxTrunk', metadata: { name }, spec: { sbcRef, peers, options, ...spec } };
}

export function numberPolicy(name: string, pattern: string) {
  const rules = [{ name: 'only', pattern, replacement: '+49$1' }];
  return { apiVersion, kind: 'NumberPolicy', metadata: { name }, spec: { sbcRef, rules } };
}
