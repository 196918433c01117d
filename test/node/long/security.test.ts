/** What the cluster allows and forbids: Pod Security, rights of the real tokens, fetters of the containers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Said } from '../../cluster/kit/api-client.ts';
import { until } from '../../cluster/kit/until.ts';
import { secret } from '../../cluster/calls/manifests.ts';
import { Stage } from '../../cluster/faults/stage.ts';
import { systemNamespace } from '../../cluster/packaging/helm.ts';
import { accountOf, allAnswered, answersTo, type Request } from '../kit/account-requests.ts';
import { ACCOUNT_DIRECTORY, ContainerProcess, operatorPod } from '../kit/container-process.ts';
import { authority, voiceInstance } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const LEVEL = 'pod-security.kubernetes.io/enforce';
let stage: VoiceStage;
/** Own namespaces, each with an instance `sbc`. */
let front: Stage;
let edge: Stage;
before(async () => {
  stage = await VoiceStage.raise({ name: 'security', drainSeconds: 10 });
  await label(systemNamespace, 'restricted');
  await label('voice', 'restricted');
  await kubectl('rollout', 'restart', 'deployment/teams-sbc-operator', `--namespace=${systemNamespace}`);
  await stage.apply();
  const { controlPlane } = stage.cluster;
  front = await Stage.bare(controlPlane, 'front');
  edge = await Stage.bare(controlPlane, 'edge');
});
after(() => stage.stop());

const kubectl = (...args: string[]) => stage.cluster.controlPlane.kubectl(...args);
const label = (namespace: string, level: string) =>
  kubectl('label', 'namespace', namespace, `${LEVEL}=${level}`, '--overwrite');

const processOf = (pod: Said, container: string) => ContainerProcess.of(stage.cluster.node(1), pod, container);
const operator = () => operatorPod(stage.cluster.controlPlane);

const instanceOf = (mode: 'HostNetwork' | 'LoadBalancerPerPod', changes: Said = {}): Said => {
  const instance = voiceInstance({ mode, replicas: 1, drainSeconds: 0, maxCalls: 20 }) as Said;
  return { ...instance, metadata: { name: changes.name ?? 'sbc' }, spec: { ...instance.spec, ...changes.spec } };
};

const isAvailable = (objects: Stage) => objects.says('sbcinstances', 'sbc', 'Available', 'True Available', 90_000);

/** What admission says of a pod of that instance in a namespace of that level; empty: it may be. */
async function refusalOf(objects: Stage, level: string, name = 'sbc'): Promise<string> {
  const { metadata, spec } = (await objects.get('statefulsets', name)).spec.template;
  await label('scales', level);
  const { api } = stage.cluster.controlPlane;
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'weighed' }, spec };
  // Of an account that is there.
  body.spec = { ...spec, serviceAccountName: 'default' };
  const answer = await api.send('POST', '/api/v1/namespaces/scales/pods', { body, query: { dryRun: 'All' } });
  if (answer.status === 201) return '';
  assert.equal(answer.status, 403, JSON.stringify(answer.body));
  return answer.body.message as string;
}

test('Pods with a network of their own, and the operator, run where Pod Security is restricted', async () => {
  await label('front', 'restricted');
  await front.apply(...authority(stage.pki), instanceOf('LoadBalancerPerPod'));
  await isAvailable(front);
  for (const pod of [await stage.pod(), await front.get('pods', 'sbc-0'), await operator()]) {
    const namespace = JSON.parse(await kubectl('get', 'namespace', pod.metadata.namespace, '--output=json'));
    assert.equal(namespace.metadata.labels[LEVEL], 'restricted');
  }
  await stage.cluster.controlPlane.createNamespace('scales');
  for (const objects of [stage.objects, front]) assert.equal(await refusalOf(objects, 'restricted'), '');
});

test('On the network of the node they are refused there, in words; under privileged they run', async (t) => {
  await label('edge', 'restricted');
  await edge.apply(...authority(stage.pki), instanceOf('HostNetwork'));
  const words = await until(
    async () => {
      const events = await edge.list('events');
      const refused = events.find(
        ({ reason, regarding }) => reason === 'FailedCreate' && regarding.kind === 'StatefulSet',
      );
      return refused?.note as string | undefined;
    },
    { what: 'the event of the refusal', withinMs: 40_000 },
  );
  t.diagnostic(words);
  assert.match(words, /forbidden: violates PodSecurity "restricted:latest": host namespaces \(hostNetwork=true\)/);
  const { message } = await edge.says('sbcinstances', 'sbc', 'Available', 'False Starting');
  assert.match(message, /'kubectl describe statefulset sbc' says why; the namespace must allow the host network/);
  for (const level of ['restricted', 'baseline']) {
    const refusal = await refusalOf(edge, level);
    t.diagnostic(refusal);
    // The host network alone, and the ports that come with it: all else is as everywhere.
    assert.match(
      refusal,
      /violates PodSecurity "\w+:latest": host namespaces \(hostNetwork=true\), hostPort \([^)]*\)$/,
    );
  }
  await label('edge', 'privileged');
  await isAvailable(edge);
  assert.equal((await edge.get('pods', 'sbc-0')).status.podIP, stage.cluster.node(1).address);
});

test('With forwarding by the kernel RTPEngine is root with NET_ADMIN, which privileged alone allows', async (t) => {
  const spec = { media: { forwarding: 'Kernel' }, podTemplate: { nodeSelector: { 'no-such': 'node' } } };
  await edge.apply(instanceOf('HostNetwork', { name: 'kernel', spec }));
  // It is let in, and waits for a node that has the module.
  await until(() => edge.get('pods', 'kernel-0'), { what: 'the pod that waits for its node', withinMs: 40_000 });
  const refusal = await refusalOf(edge, 'baseline', 'kernel');
  t.diagnostic(refusal);
  assert.match(refusal, /non-default capabilities \(container "rtpengine" .*"NET_ADMIN"/);
  assert.match(await refusalOf(edge, 'restricted', 'kernel'), /runAsUser=0 \(container "rtpengine"/);
  assert.equal(await refusalOf(edge, 'privileged', 'kernel'), '');
  await edge.delete('sbcinstances', 'kernel');
});

test('The pod of helm test, and the SBC that it makes, run where Pod Security is restricted', async (t) => {
  const said = await stage.helm.run('test', 'teams-sbc', `--namespace=${systemNamespace}`, '--timeout=150s', '--logs');
  t.diagnostic(said.slice(-600));
  assert.match(said, /Phase:\s+Succeeded/);
});

test('The API server takes the NetworkPolicy as it is meant; the pod network of this test enforces none', async () => {
  const policy = await stage.objects.get('networkpolicies', 'sbc');
  const { apiVersion, kind, metadata, spec } = policy;
  const bare = { ...metadata, managedFields: undefined };
  const { warnings, status } = await stage.cluster.controlPlane.api.send(
    'PUT',
    stage.objects.path('networkpolicies', 'sbc'),
    { query: { dryRun: 'All', fieldValidation: 'Strict' }, body: { apiVersion, kind, metadata: bare, spec } },
  );
  assert.deepEqual({ status, warnings }, { status: 200, warnings: [] });
  const ports = (spec.ingress as Said[]).flatMap((rule) =>
    (rule.ports as Said[]).map(({ protocol, port, endPort }) => `${protocol} ${port}${endPort ? `-${endPort}` : ''}`),
  );
  assert.deepEqual(ports.toSorted(), ['TCP 5061', 'TCP 8080', 'TCP 8443', 'UDP 30000-30799', 'UDP 5060']);
  assert.deepEqual(spec.policyTypes, ['Ingress']);
  assert.equal(await edge.get('networkpolicies', 'sbc'), undefined, 'none covers the network of the node');
});

test('No container is root, has a capability, may write on its root or gain a right, and all have a filter of system calls', async () => {
  const ids = [65532, 65532, 65532, 65532];
  const fetters = {
    ...{ uids: ids, gids: ids, capabilities: Array<string>(5).fill('0'.repeat(16)) },
    ...{ mayGainPrivileges: false, seccomp: 2, isRootReadOnly: true },
  };
  const pods = [await stage.pod(), await front.get('pods', 'sbc-0'), await edge.get('pods', 'sbc-0')];
  for (const pod of pods)
    for (const container of ['runtime', 'rtpengine'])
      assert.deepEqual(await (await processOf(pod, container)).fetters(), fetters, container);
  assert.deepEqual(await (await processOf(await operator(), 'operator')).fetters(), fetters, 'operator');
});

test('RTPEngine has no token, no Secret and no journal', async () => {
  const rtpengine = await processOf(await stage.pod(), 'rtpengine');
  for (const directory of [ACCOUNT_DIRECTORY, '/etc/teams-sbc', '/run/teams-sbc', '/run/teams-sbc-journal'])
    assert.deepEqual(await rtpengine.list(directory), [], directory);
  const runtime = await processOf(await stage.pod(), 'runtime');
  assert.deepEqual(
    (await runtime.list(ACCOUNT_DIRECTORY)).filter((name) => !name.startsWith('..')),
    ['ca.crt', 'namespace', 'token'],
  );
});

const core = '/api/v1/namespaces';
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const ours = '/apis/teams-sbc.dev/v1alpha1/namespaces/voice/sbcinstances/sbc';
const named = (apiVersion: string, kind: string, name: string, more: object = {}) => ({
  ...{ apiVersion, kind, metadata: { name } },
  ...more,
});

test('With its own token the runtime reads its Secrets and ConfigMaps, and nothing else', async () => {
  await stage.cluster.controlPlane.apply([
    { ...secret('foreign', 'Opaque', { key: 'x' }), metadata: { name: 'foreign', namespace: 'front' } },
    { ...secret('beside', 'Opaque', { key: 'x' }), metadata: { name: 'beside', namespace: 'voice' } },
  ]);
  const account = accountOf(stage.cluster.controlPlane, await (await processOf(await stage.pod(), 'runtime')).token());
  const [shard = ''] = await stage.objects.shards();
  const allowed: Request[] = [
    [`GET ${core}/voice/secrets/sbc-tls`],
    [`GET ${core}/voice/secrets?fieldSelector=metadata.name%3Dsbc-tls`],
    [`GET ${core}/voice/configmaps/sbc-routing`],
    [`GET ${core}/voice/configmaps/${shard}`],
    [`GET ${core}/voice/configmaps?fieldSelector=metadata.name%3Dsbc-routing`],
  ];
  assert.deepEqual(await answersTo(account, allowed), allAnswered(allowed, 200));
  const forbidden: Request[] = [
    // Other Secrets: of the authority, of the status endpoint, of others, of other namespaces, and all at once.
    ...['authority', 'sbc-status', 'beside'].map((name): Request => [`GET ${core}/voice/secrets/${name}`]),
    [`GET ${core}/voice/secrets`],
    [`GET /api/v1/secrets`],
    [`GET ${core}/front/secrets/foreign`],
    [`GET ${core}/front/secrets/sbc-tls`],
    [`GET ${core}/front/configmaps/sbc-routing`],
    [`GET ${core}/voice/configmaps`],
    // What is its own it does not write.
    [`PATCH ${core}/voice/secrets/sbc-tls`, { data: {} }],
    [`PATCH ${core}/voice/configmaps/sbc-routing`, { data: {} }],
    [`DELETE ${core}/voice/configmaps/sbc-routing`],
    [`POST ${core}/voice/configmaps`, named('v1', 'ConfigMap', 'new')],
    [`POST ${core}/voice/secrets`, named('v1', 'Secret', 'new')],
    [`PATCH ${rbac}/namespaces/voice/roles/sbc-runtime`, { rules: [] }],
    [`POST ${core}/voice/serviceaccounts/sbc-runtime/token`],
    [`POST ${core}/voice/events`, named('v1', 'Event', 'new')],
    // Pods, and our kinds.
    [`GET ${core}/voice/pods`],
    [`GET ${core}/voice/pods/sbc-0`],
    [`GET ${core}/voice/pods/sbc-0/log`],
    [`POST ${core}/voice/pods/sbc-0/exec?command=true&stdout=true`],
    [`DELETE ${core}/voice/pods/sbc-0`],
    [`GET ${ours}`],
    [`PATCH ${ours}/status`, { status: {} }],
    ['GET /api/v1/nodes'],
    ['GET /api/v1/namespaces'],
  ];
  assert.deepEqual(await answersTo(account, forbidden), allAnswered(forbidden, 403));
});

test('With its own token the operator cannot enter pods, read logs, write your manifests or give rights that it has not', async () => {
  const token = await (await processOf(await operator(), 'operator')).token();
  const account = accountOf(stage.cluster.controlPlane, token);
  const allowed: Request[] = [
    [`GET ${core}/voice/secrets/sbc-tls`],
    [`GET ${core}/voice/pods`],
    [`GET ${ours.replace('/sbcinstances/sbc', '/sbcinstances')}`],
    [`PATCH ${ours}/status`, {}],
    // RBAC knows no names of instances to come: by right it may write every Secret, and writes none that is not its own.
    [`PATCH ${core}/voice/secrets/sbc-status`, {}],
  ];
  assert.deepEqual(await answersTo(account, allowed), allAnswered(allowed, 200));
  const exec = { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] };
  const admin = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
  const forbidden: Request[] = [
    [`POST ${core}/voice/pods/sbc-0/exec?command=true&stdout=true`],
    [`POST ${core}/voice/pods/sbc-0/attach`],
    [`GET ${core}/voice/pods/sbc-0/log`],
    [`POST ${core}/voice/pods`, named('v1', 'Pod', 'new', { spec: { containers: [] } })],
    [`PUT ${core}/voice/secrets/sbc-tls`, named('v1', 'Secret', 'sbc-tls')],
    [`DELETE ${core}/voice/secrets/sbc-tls`],
    [`DELETE ${core}/voice/secrets`],
    [`POST ${core}/voice/serviceaccounts/sbc-runtime/token`],
    [`PATCH ${ours}`, { spec: { replicas: 2 } }],
    [`DELETE ${ours}`],
    [`GET ${rbac}/clusterroles`],
    [`POST ${rbac}/clusterroles`, named('rbac.authorization.k8s.io/v1', 'ClusterRole', 'new')],
    [`PATCH ${rbac}/clusterroles/teams-sbc-operator`, { rules: [] }],
    [
      `POST ${rbac}/clusterrolebindings`,
      named('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'new', { roleRef: admin }),
    ],
    [`POST ${rbac}/namespaces/voice/roles`, named('rbac.authorization.k8s.io/v1', 'Role', 'new', { rules: [exec] })],
    [
      `POST ${rbac}/namespaces/voice/rolebindings`,
      named('rbac.authorization.k8s.io/v1', 'RoleBinding', 'new', { roleRef: admin, subjects: [] }),
    ],
    [`PATCH ${core}/voice`, { metadata: { labels: { [LEVEL]: 'privileged' } } }],
    ['GET /api/v1/nodes/n1/proxy/pods'],
    ['PATCH /api/v1/nodes/n1', {}],
    ['PATCH /apis/apiextensions.k8s.io/v1/customresourcedefinitions/sbcinstances.teams-sbc.dev', {}],
  ];
  assert.deepEqual(await answersTo(account, forbidden), allAnswered(forbidden, 403));
});
