/** What a person applies for an SBC that takes calls, without namespaces. */
import type { Leaf } from '../../kit/pki.ts';

type Fields = Readonly<Record<string, unknown>>;

const apiVersion = 'teams-sbc.dev/v1alpha1';
const sbcRef = { name: 'sbc' };

const own = (kind: string, name: string, spec: Fields) => ({ apiVersion, kind, metadata: { name }, spec });
const core = (kind: string, name: string, content: Fields) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  ...content,
});

export function secret(name: string, type: string, texts: Readonly<Record<string, string>>) {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return core('Secret', name, { type, data });
}

export function tlsSecret({ certificate, key }: Leaf) {
  return secret('sbc-tls', 'kubernetes.io/tls', { 'tls.crt': certificate, 'tls.key': key });
}

export function trustMap(root: string) {
  return core('ConfigMap', 'microsoft-roots', { data: { 'ca.crt': root } });
}

interface InstanceFields {
  readonly domain: string;
  readonly engine: string;
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
}

/** For a hundred calls. */
export function sbcInstance({ domain, engine, hostAliases }: InstanceFields) {
  return own('SbcInstance', 'sbc', {
    domain,
    tls: { secretRef: { name: 'sbc-tls' } },
    network: { mode: 'HostNetwork', hostAliases },
    media: { engine, portRange: { start: 30_000, end: 30_399 } },
    capacity: { maxCalls: 100, maxCallsPerSecond: 50 },
    drain: { timeoutSeconds: 30 },
  });
}

export function teamsTrunk(name: string, spec: Fields) {
  const trust = { caBundleRef: { kind: 'ConfigMap', name: 'microsoft-roots', key: 'ca.crt' } };
  return own('TeamsTrunk', name, { sbcRef, tls: { trust }, ...spec });
}

export function pbxTrunk(name: string, host: string, spec: Fields = {}) {
  const peers = [{ name: 'a', host }];
  return own('PbxTrunk', name, { sbcRef, peers, allowCIDRs: [`${host}/32`], options: { periodSeconds: 5 }, ...spec });
}

export function callRoute(name: string, spec: Fields) {
  return own('CallRoute', name, { sbcRef, ...spec });
}

export function numberPolicy(name: string, rules: readonly Fields[]) {
  return own('NumberPolicy', name, { sbcRef, rules });
}
