/** The settings that a node's programs read. As upstream's defaults, but for what a machine without systemd and spare memory forces. */
import type { KeyPairFiles } from '../../cluster/kit/cluster-pki.ts';

export const SERVICE_CIDR = '10.96.0.0/16';
export const DNS_ADDRESS = '10.96.0.10';
export const POD_IMAGE = 'localhost/pod-tools:test';
/** On the nodes' network: where cert-manager looks for the answers to challenges (acme-authority.ts). */
export const NAME_SERVER_HOST = 120;
const PODS_CIDR = '10.245.0.0/16';

export const RUNTIME_SOCKET = '/run/containerd/containerd.sock';

/** @param plugins Directory of the CNI plugins' programs */
export function containerdSettings({
  plugins,
  networks,
}: {
  readonly plugins: string;
  readonly networks: string;
}): string {
  return `version = 3
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.erofs", "io.containerd.nri.v1.nri",
  "io.containerd.internal.v1.opt"
]
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '${POD_IMAGE}'
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE no process may get the negative score that a pod's sandbox asks for.
  restrict_oom_score_adj = true
  # A profile would be loaded into the machine's own kernel.
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['${plugins}']
    conf_dir = '${networks}'
`;
}

export function podNetwork(podCIDR: string): string {
  const range = { type: 'host-local', ranges: [[{ subnet: podCIDR }]], routes: [{ dst: '0.0.0.0/0' }] };
  const bridge = { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, hairpinMode: true };
  return JSON.stringify({
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      { ...bridge, ipam: { ...range, dataDir: '/run/cni/addresses' } },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  });
}

export interface KubeletSettings {
  readonly caFile: string;
  readonly serving: KeyPairFiles;
  readonly cgroup: string;
  readonly podLogs: string;
}

export function kubeletSettings({ caFile, serving, cgroup, podLogs }: KubeletSettings): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: caFile } },
    authorization: { mode: 'Webhook' },
    tlsCertFile: serving.certificateFile,
    tlsPrivateKeyFile: serving.keyFile,
    containerRuntimeEndpoint: `unix://${RUNTIME_SOCKET}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    maxOpenFiles: 20_000,
    clusterDomain: 'cluster.local',
    clusterDNS: [DNS_ADDRESS],
    podLogsDir: podLogs,
    enforceNodeAllocatable: ['pods'],
    // The disk is the machine's own: what fills it is none of this node's business.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
    imageGCHighThresholdPercent: 100,
    // Four times as often as upstream, so that a lost node and a changed volume show sooner.
    nodeStatusUpdateFrequency: '4s',
    nodeLeaseDurationSeconds: 12,
    syncFrequency: '10s',
    logging: { verbosity: 2 },
  });
}

export function kubeProxySettings({
  node,
  kubeconfig,
}: {
  readonly node: string;
  readonly kubeconfig: string;
}): string {
  return JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    hostnameOverride: node,
    clusterCIDR: PODS_CIDR,
    clientConnection: { kubeconfig },
    oomScoreAdj: 0,
    // The machine's own limit, which a network namespace of its own may not change.
    conntrack: { maxPerCore: 0, min: 0 },
  });
}
