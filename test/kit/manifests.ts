/** Manifests as a person writes them, for tests and the demo: text that goes into files as it stands. */

const API = 'teams-sbc.dev/v1alpha1';

export interface HostAlias {
  readonly ip: string;
  readonly hostnames: readonly string[];
}

export interface InstanceManifest {
  /** Default: `sbc`. */
  readonly name?: string;
  /** Pod 0 is `<name>-0.<domain>`. */
  readonly domain: string;
  /** Pod 0 listens here. */
  readonly address: string;
  readonly tlsSecret: string;
  readonly hostAliases?: readonly HostAlias[];
  /** Four ports a call. Default: 30000 to 30399, for 100 calls. */
  readonly ports?: { readonly start: number; readonly end: number };
  readonly drainSeconds?: number;
  readonly logLevel?: 'Error' | 'Warn' | 'Info' | 'Debug';
}

export function sbcInstance(manifest: InstanceManifest): string {
  const {
    name = 'sbc',
    domain,
    address,
    tlsSecret,
    hostAliases = [],
    ports = { start: 30_000, end: 30_399 },
  } = manifest;
  const aliases = hostAliases.map(({ ip, hostnames }) => `      - {ip: ${ip}, hostnames: [${hostnames.join(', ')}]}\n`);
  return `apiVersion: ${API}
kind: SbcInstance
metadata: {name: ${name}}
spec:
  domain: ${domain}
  hostnameTemplate: '{name}-{ordinal}'
  tls: {secretRef: {name: ${tlsSecret}}}
  network:
    mode: HostNetwork
    addresses: [{address: ${address}}]
${aliases.length > 0 ? `    hostAliases:\n${aliases.join('')}` : ''}  media:
    portRange: {start: ${ports.start}, end: ${ports.end}}
  capacity: {maxCalls: ${Math.floor((ports.end - ports.start + 1) / 4)}, maxCallsPerSecond: 50}
  drain: {timeoutSeconds: ${manifest.drainSeconds ?? 10}}
  observability: {logLevel: ${manifest.logLevel ?? 'Info'}}
`;
}

export interface TeamsTrunkManifest {
  readonly name?: string;
  readonly instance?: string;
  /** ConfigMap that holds the roots under `ca.crt`. */
  readonly trustConfigMap: string;
  readonly allowCIDRs: readonly string[];
  /** Data centres, in the order in which they are tried; host and port. */
  readonly endpoints: readonly string[];
  /** Default: 60. */
  readonly optionsSeconds?: number;
}

export function teamsTrunk(manifest: TeamsTrunkManifest): string {
  const endpoints = manifest.endpoints.map((endpoint) => {
    const [host = '', port = '5061'] = endpoint.split(':');
    return `    - {host: ${host}, port: ${port}}\n`;
  });
  return `apiVersion: ${API}
kind: TeamsTrunk
metadata: {name: ${manifest.name ?? 'teams'}}
spec:
  sbcRef: {name: ${manifest.instance ?? 'sbc'}}
  tls:
    trust: {caBundleRef: {kind: ConfigMap, name: ${manifest.trustConfigMap}, key: ca.crt}}
  allowCIDRs: [${manifest.allowCIDRs.join(', ')}]
  endpoints:
${endpoints.join('')}  options: {periodSeconds: ${manifest.optionsSeconds ?? 60}}
`;
}

export interface PbxTrunkManifest {
  readonly name?: string;
  readonly instance?: string;
  readonly transport?: 'UDP' | 'TCP';
  /** `127.20.1.30:5060`, in the order in which they are tried. */
  readonly peers: readonly string[];
  readonly allowCIDRs: readonly string[];
  /** Default: 30. */
  readonly optionsSeconds?: number;
}

export function pbxTrunk(manifest: PbxTrunkManifest): string {
  const peers = manifest.peers.map((peer, at) => {
    const [host = '', port = '5060'] = peer.split(':');
    return `    - {name: pbx-${at + 1}, host: ${host}, port: ${port}}\n`;
  });
  return `apiVersion: ${API}
kind: PbxTrunk
metadata: {name: ${manifest.name ?? 'pbx'}}
spec:
  sbcRef: {name: ${manifest.instance ?? 'sbc'}}
  transport: ${manifest.transport ?? 'UDP'}
  peers:
${peers.join('')}  allowCIDRs: [${manifest.allowCIDRs.join(', ')}]
  options: {periodSeconds: ${manifest.optionsSeconds ?? 30}}
`;
}

export function tlsSecret(name: string, certificate: string, key: string): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: ${name}}
type: kubernetes.io/tls
stringData:
  tls.crt: |
${indented(certificate)}
  tls.key: |
${indented(key)}
`;
}

export function trustConfigMap(name: string, roots: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
data:
  ca.crt: |
${indented(roots)}
`;
}

const indented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
