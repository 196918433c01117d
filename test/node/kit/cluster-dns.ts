/** CoreDNS in a pod on every node, behind the Service kube-dns: the cluster's own names, and those that a test writes. */
import { Resolver } from 'node:dns/promises';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { binary } from '../../cluster/kit/binaries.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { until } from '../../cluster/kit/until.ts';
import { DNS_ADDRESS, POD_IMAGE } from './node-files.ts';

/** Whoever asks for a name that was not written gets NXDOMAIN: there is no way out of this network. */
const corefile = `.:53 {
  errors
  health :8080
  ready :8181
  hosts /names/hosts {
    ttl 1
    reload 200ms
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    fallthrough in-addr.arpa ip6.arpa
    ttl 1
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

export class ClusterDns {
  readonly #file: string;
  readonly #names = new Map<string, readonly string[]>();

  /** @param directory Visible under this path on every node */
  constructor(directory: string) {
    this.#file = join(directory, 'hosts');
    mkdirSync(directory, { recursive: true });
    this.#write();
  }

  async install(controlPlane: ControlPlane): Promise<void> {
    await controlPlane.apply(manifests(dirname(this.#file)));
  }

  /** From now on this name, such as an SBC's FQDN, has these addresses; none removes it. Resolves when the DNS says so. */
  async setName(name: string, ...addresses: readonly string[]): Promise<void> {
    if (addresses.length === 0) this.#names.delete(name);
    else this.#names.set(name, addresses);
    this.#write();
    const wanted = addresses.toSorted().join();
    const says = async () => (await this.lookup(name)).toSorted().join() === wanted;
    await until(says, { what: `the DNS to answer ${name} with ${wanted === '' ? 'nothing' : wanted}` });
  }

  /** What pods are told. */
  async lookup(name: string): Promise<string[]> {
    const resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([DNS_ADDRESS]);
    try {
      return await resolver.resolve4(name);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') return [];
      throw error;
    }
  }

  #write(): void {
    const lines = [...this.#names].flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}\n`));
    // Whole or not at all: CoreDNS may read it at any time.
    writeFileSync(`${this.#file}.new`, lines.join(''));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const system = (name: string) => ({ name, namespace: 'kube-system' });
const labels = { 'k8s-app': 'kube-dns' };
const rbac = 'rbac.authorization.k8s.io';

function manifests(names: string): object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: system('coredns') },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns' },
      rules: [
        { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', ...system('coredns') }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: system('coredns'), data: { Corefile: corefile } },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: system('coredns'),
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(names) } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...system('kube-dns'), labels },
      spec: {
        selector: labels,
        clusterIP: DNS_ADDRESS,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
        ],
      },
    },
  ];
}

/** The program comes from this machine's disk: an image of its own would be the same 50 MB, copied at each start. */
function podSpec(names: string): object {
  return {
    serviceAccountName: 'coredns',
    dnsPolicy: 'Default',
    priorityClassName: 'system-node-critical',
    tolerations: [{ operator: 'Exists' }],
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'coredns',
        image: POD_IMAGE,
        command: ['/coredns', '-conf', '/etc/coredns/Corefile'],
        readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
        livenessProbe: { httpGet: { path: '/health', port: 8080 } },
        volumeMounts: [
          { name: 'program', mountPath: '/coredns', readOnly: true },
          { name: 'settings', mountPath: '/etc/coredns', readOnly: true },
          { name: 'names', mountPath: '/names', readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: 'program', hostPath: { path: binary('coredns'), type: 'File' } },
      { name: 'settings', configMap: { name: 'coredns' } },
      { name: 'names', hostPath: { path: names, type: 'Directory' } },
    ],
  };
}
