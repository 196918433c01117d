/** The SBC that the bench loads, as manifests: the kit's addresses and names (`lab`), our address, limits above the load. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SBC_ADDRESS = '127.0.0.12';

/** Writes the manifests into `directory` and returns it. `pki` is the folder that `pki.sh` has filled. */
export function writeManifests(directory: string, pki: string, engine: 'RTPEngine' | 'None'): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const text = (name: string) => readFileSync(join(pki, name), 'utf8');
  const base64 = (name: string) => readFileSync(join(pki, name)).toString('base64');
  const indented = text('ca.pem').trimEnd().replaceAll('\n', '\n    ');
  writeFileSync(
    join(directory, 'bench.yaml'),
    `apiVersion: teams-sbc.dev/v1alpha1
kind: SbcInstance
metadata: {name: bench}
spec:
  domain: example.test
  hostnameTemplate: sbc
  tls: {secretRef: {name: sbc-tls}}
  network:
    addresses: [{address: ${SBC_ADDRESS}}]
    hostAliases:
    - {ip: 127.0.0.20, hostnames: [sip.pstnhub.microsoft.com, api-du-b-euwe.pstnhub.microsoft.com]}
    - {ip: 127.0.0.21, hostnames: [sip2.pstnhub.microsoft.com]}
    - {ip: 127.0.0.22, hostnames: [sip3.pstnhub.microsoft.com]}
  media: {engine: ${engine}, portRange: {start: 20000, end: 59999}}
  capacity: {maxCalls: 10000, maxCallsPerSecond: 10000}
---
apiVersion: teams-sbc.dev/v1alpha1
kind: TeamsTrunk
metadata: {name: teams}
spec:
  sbcRef: {name: bench}
  allowCIDRs: [127.0.0.0/24]
  tls: {trust: {caBundleRef: {kind: ConfigMap, name: bench-ca, key: ca.pem}}}
---
apiVersion: teams-sbc.dev/v1alpha1
kind: PbxTrunk
metadata: {name: pbx}
spec:
  sbcRef: {name: bench}
  peers: [{name: sipp, host: 127.0.0.30, port: 5060}]
  allowCIDRs: [127.0.0.30/32]
  options: {periodSeconds: 0}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bench-ca}
data:
  ca.pem: |
    ${indented}
---
apiVersion: v1
kind: Secret
metadata: {name: sbc-tls}
type: kubernetes.io/tls
data:
  tls.crt: ${base64('sbc.pem')}
  tls.key: ${base64('sbc.key')}
`,
    { mode: 0o600 },
  );
  return directory;
}
