import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SbcInstance } from '@teams-sbc/crds';
import { anInstance } from '../../test/manifests.ts';
import { certificateSecret } from '../compile/certificate-secret.ts';
import { compileListeners } from '../compile/listeners.ts';
import { clusterPodTemplate } from './cluster-pod-template.ts';
import type { Container } from './kube-types.ts';

type Fields = Readonly<Record<string, unknown>>;

const instanceOf = (spec: Fields = {}) => anInstance(spec);
const mode = (name: string) => ({ network: { mode: name } });
const resources = (fields: Fields) => instanceOf({ podTemplate: { resources: { runtime: fields } } });

const templateOf = (instance: SbcInstance) =>
  clusterPodTemplate(instance, compileListeners(instance), certificateSecret(instance));
const podOf = (instance: SbcInstance) => templateOf(instance).spec;
const runtimeOf = (instance: SbcInstance): Container | undefined => podOf(instance)?.containers[0];
const rtpengineOf = (instance: SbcInstance): Container | undefined => podOf(instance)?.initContainers?.[0];
const argument = (instance: SbcInstance, name: string) =>
  runtimeOf(instance)
    ?.args?.find((arg) => arg.startsWith(`--${name}=`))
    ?.slice(name.length + 3);

const inKernel = instanceOf({ media: { forwarding: 'Kernel' } });

const cases: Record<string, readonly [unknown, unknown]> = {
  'the journal of calls is memory with room for every call, and no container but the runtime sees it': [
    [
      podOf(instanceOf({ capacity: { maxCalls: 800 } }))?.volumes?.find(({ name }) => name === 'journal'),
      runtimeOf(instanceOf())?.volumeMounts?.find(({ name }) => name === 'journal')?.mountPath,
      argument(instanceOf(), 'journal-directory'),
      rtpengineOf(instanceOf())?.volumeMounts,
    ],
    [
      { name: 'journal', emptyDir: { medium: 'Memory', sizeLimit: '164Mi' } },
      '/run/teams-sbc-journal',
      '/run/teams-sbc-journal',
      undefined,
    ],
  ],
  'Kubernetes waits longer than the runtime drains': [
    podOf(instanceOf({ drain: { timeoutSeconds: 600 } }))?.terminationGracePeriodSeconds,
    630,
  ],
  'the runtime reads what the mirror writes, and the mounted copies where the API is away': [
    [
      'state-directory',
      'secrets-directory',
      'trust-directory',
      'mounted-state-directory',
      'mounted-secrets-directory',
    ].map((name) => argument(instanceOf(), name)),
    [
      '/run/teams-sbc/mirror/state',
      '/run/teams-sbc/mirror/secrets',
      '/run/teams-sbc/mirror/trust',
      '/etc/teams-sbc/state',
      '/etc/teams-sbc/secrets',
    ],
  ],
  'the runtime is told whose routing state is its own, and where it answers the operator': [
    ['mirror-namespace', 'mirror-instance', 'status-port', 'status-directory'].map((name) =>
      argument(instanceOf(), name),
    ),
    ['$(POD_NAMESPACE)', 'sbc', '8443', '/etc/teams-sbc/status'],
  ],
  'what the mirror writes stays in memory': [
    podOf(instanceOf())?.volumes?.find(({ name }) => name === 'run'),
    { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
  ],
  'the token of the API is the runtime’s alone': [
    [
      podOf(instanceOf())?.automountServiceAccountToken,
      runtimeOf(instanceOf())?.volumeMounts?.some(({ mountPath }) => mountPath.endsWith('serviceaccount')),
      rtpengineOf(instanceOf())?.volumeMounts,
    ],
    [false, true, undefined],
  ],
  'a pod starts without the copy and without a certificate, and never without the Secret that its status needs': [
    podOf(instanceOf())?.volumes?.map((volume) => [
      volume.name,
      (volume.configMap ?? volume.secret)?.optional ?? false,
    ]),
    [
      ['state', true],
      ['secret-sbc-tls', true],
      ['status', false],
      ['run', false],
      ['journal', false],
      ['api-token', false],
    ],
  ],
  'RTPEngine takes commands before the runtime starts': [
    [rtpengineOf(instanceOf())?.restartPolicy, rtpengineOf(instanceOf())?.startupProbe?.exec?.command?.[0]],
    ['Always', 'bash'],
  ],
  'no container is limited unless the manifest says so': [
    [runtimeOf(instanceOf())?.resources, rtpengineOf(instanceOf())?.resources],
    [{ requests: { cpu: '100m', memory: '208Mi' } }, { requests: { cpu: '100m', memory: '96Mi' } }],
  ],
  'memory is asked for by calls, written as the API server writes it': [
    rtpengineOf(
      instanceOf({
        capacity: { maxCalls: 15360 },
        listeners: [{ kind: 'TeamsTrunk', transport: 'TLS', port: 5061 }],
        media: { portRange: { start: 4096, end: 65535 } },
      }),
    )?.resources,
    { requests: { cpu: '100m', memory: '1Gi' } },
  ],
  'what is limited is not asked for beyond its limit': [
    runtimeOf(resources({ limits: { memory: '128Mi' } }))?.resources,
    { requests: { cpu: '100m' }, limits: { memory: '128Mi' } },
  ],
  'requests of the manifest replace ours one by one': [
    runtimeOf(resources({ requests: { cpu: '2' } }))?.resources,
    { requests: { cpu: '2', memory: '208Mi' } },
  ],
  'annotations of the manifest come along, and cannot put a mesh in between': [
    templateOf(
      instanceOf({ podTemplate: { annotations: { 'example.com/team': 'voice', 'sidecar.istio.io/inject': 'true' } } }),
    ).metadata?.annotations,
    {
      'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
      'karpenter.sh/do-not-disrupt': 'true',
      'example.com/team': 'voice',
      'sidecar.istio.io/inject': 'false',
      'linkerd.io/inject': 'disabled',
      'kubectl.kubernetes.io/default-container': 'runtime',
    },
  ],
  'a person who lets autoscalers move pods with calls wins': [
    templateOf(
      instanceOf({ podTemplate: { annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'true' } } }),
    ).metadata?.annotations?.['cluster-autoscaler.kubernetes.io/safe-to-evict'],
    'true',
  ],
  'the runtime knows the time that its pod was made for, which Kubernetes exceeds': [
    [
      argument(instanceOf({ drain: { timeoutSeconds: 600 } }), 'longest-drain-seconds'),
      podOf(instanceOf({ drain: { timeoutSeconds: 0 } }))?.terminationGracePeriodSeconds,
    ],
    ['600', 30],
  ],
  'a runtime that hangs does not get the hours of one that drains': [
    runtimeOf(instanceOf())?.livenessProbe?.terminationGracePeriodSeconds,
    5,
  ],
  'RTPEngine carries packets itself, and is not root': [
    [rtpengineOf(instanceOf())?.args?.includes('--table=-1'), rtpengineOf(instanceOf())?.securityContext?.runAsUser],
    [true, undefined],
  ],
  'for the kernel module RTPEngine alone is root, with one capability': [
    [
      rtpengineOf(inKernel)?.args?.includes('--table=0'),
      rtpengineOf(inKernel)?.securityContext,
      runtimeOf(inKernel)?.securityContext?.runAsUser,
      podOf(inKernel)?.securityContext?.runAsNonRoot,
    ],
    [
      true,
      {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: false,
        runAsUser: 0,
        runAsGroup: 0,
        capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] },
      },
      undefined,
      true,
    ],
  ],
  'pods on the network of their node spread over zones, for they never share a node': [
    podOf(instanceOf())?.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey),
    ['topology.kubernetes.io/zone'],
  ],
  'pods with addresses of the cluster spread over nodes as well': [
    podOf(instanceOf(mode('ClusterPod')))?.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey),
    ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'],
  ],
  'images come from a registry with a login': [
    podOf(instanceOf({ podTemplate: { imagePullSecrets: [{ name: 'registry-login' }] } }))?.imagePullSecrets,
    [{ name: 'registry-login' }],
  ],
  'host aliases go to the hosts file of the pod': [
    podOf(instanceOf({ network: { hostAliases: [{ ip: '192.0.2.10', hostnames: ['pbx.example.com'] }] } }))
      ?.hostAliases,
    [{ ip: '192.0.2.10', hostnames: ['pbx.example.com'] }],
  ],
};

for (const [name, [found, expected]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(found, expected));
}
