import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseManifest, type PbxTrunk, type SbcInstance, type TeamsTrunk } from '@teams-sbc/crds';
import { compile } from '../../operator/src/compile/compile.ts';
import type { KubeObject } from '../../operator/src/kube/kube-object.ts';
import { planChildren } from '../../operator/src/plan/plan-children.ts';
import { planRoutingMaps } from '../../operator/src/plan/plan-routing-maps.ts';
import { certManagerCrds } from './kit/binaries.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';
import { untilNoDifference } from './packaging/difference.ts';

/** What the operator plans for an instance, given to a real API server. */
let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'planned-objects' });
  const directory = certManagerCrds();
  await cluster.installCrdFiles(readdirSync(directory).map((file) => join(directory, file)));
  for (const namespace of ['nodes', 'restricted']) await cluster.createNamespace(namespace);
  await cluster.kubectl('label', 'namespace', 'restricted', 'pod-security.kubernetes.io/enforce=restricted');
});
after(() => cluster.stop());

const apiVersion = 'teams-sbc.dev/v1alpha1';
const common = { domain: 'voice.example.com', tls: { issuerRef: { name: 'letsencrypt' } } };
const specs: Record<string, object> = {
  host: { replicas: 2, network: { hostAliases: [{ ip: '192.0.2.10', hostnames: ['pbx.example.com'] }] } },
  balanced: {
    replicas: 2,
    network: { mode: 'LoadBalancerPerPod', serviceAnnotations: { 'metallb.io/address-pool': 'teams' } },
    podTemplate: {
      annotations: { 'example.com/team': 'voice' },
      nodeSelector: { role: 'voice' },
      tolerations: [
        { key: 'dedicated', value: 'voice', effect: 'NoExecute', tolerationSeconds: 5 },
        { operator: 'Exists' },
      ],
      resources: {
        runtime: { requests: { cpu: '1.5', memory: '1024Mi' } },
        rtpengine: { limits: { memory: 1073741824 } },
      },
    },
  },
  pod: {
    network: { mode: 'ClusterPod' },
    listeners: [
      { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
      { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
      { kind: 'PbxTrunk', transport: 'TCP', port: 5060 },
    ],
    tls: { secretRef: { name: 'sbc.example.com' } },
  },
};

function parsed(manifest: object): SbcInstance | TeamsTrunk | PbxTrunk {
  const outcome = parseManifest(manifest);
  assert.ok(outcome.ok);
  return outcome.object as SbcInstance | TeamsTrunk | PbxTrunk;
}

/** Pods on the network of their node are allowed in few namespaces; all others run in the most restricted ones. */
const namespaceOf = (name: string) => (name === 'host' ? 'nodes' : 'restricted');

/** Created, and planned as it is read back. */
async function planned(name: string, spec: object): Promise<readonly KubeObject[]> {
  const namespace = namespaceOf(name);
  await cluster.apply([
    { apiVersion, kind: 'SbcInstance', metadata: { name, namespace }, spec: { ...common, ...spec } },
  ]);
  const { body } = await cluster.api.get(`/apis/${apiVersion}/namespaces/${namespace}/sbcinstances/${name}`);
  const instance = parsed(body as object) as SbcInstance;
  const trunk = (kind: string, trunkName: string, fields: object) =>
    parsed({
      apiVersion,
      kind,
      metadata: { name: trunkName, namespace },
      spec: { sbcRef: { name }, ...fields },
    });
  const peers = [{ name: 'a', host: '10.20.0.10' }];
  const { state } = compile(instance, {
    teamsTrunks: [
      trunk('TeamsTrunk', 'carrier', {}),
      trunk('TeamsTrunk', 'customer1', { subdomain: 'customer1' }),
    ] as TeamsTrunk[],
    pbxTrunks: [
      trunk('PbxTrunk', 'pbx', {
        peers,
        allowCIDRs: ['10.20.0.10/24', '2001:db8::7/64'],
        auth: { secretRef: { name: 'login' } },
      }),
    ] as PbxTrunk[],
    callRoutes: [],
    numberPolicies: [],
  });
  assert.ok(state);
  const maps = planRoutingMaps({ instance, state, present: [], previousIndex: undefined });
  const statusSecret = { crt: 'crt', key: 'key', token: 'token' };
  const capabilities = { certManager: true, serviceMonitor: false };
  return [...planChildren({ instance, state, capabilities, statusSecret }), ...maps.shards, maps.index, maps.copy];
}

const manager = 'teams-sbc-operator';
const serverSide = ['--server-side', '--force-conflicts', `--field-manager=${manager}`, '-f', '-'];
const list = (items: readonly KubeObject[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

async function versions(...args: readonly [input: string, ...command: string[]]): Promise<string[]> {
  const [input, ...command] = args;
  const said = JSON.parse(await cluster.kubectlWith({ input }, ...command, '-o', 'json')) as { items: KubeObject[] };
  return said.items.map(({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.resourceVersion ?? ''}`);
}

for (const [name, spec] of Object.entries(specs)) {
  test(`the API server takes the objects of instance ${name}, and the second time nothing changes`, async () => {
    const objects = await planned(name, spec);
    const input = list(objects);
    await cluster.kubectlWith(
      { input },
      'apply',
      '--dry-run=server',
      '--validate=strict',
      '--warnings-as-errors',
      ...serverSide,
    );
    await cluster.kubectlWith({ input }, 'apply', ...serverSide);
    // Controllers write status meanwhile: an apply that changes nothing leaves even that version as it is.
    await until(
      async () => {
        const seen = await versions(input, 'get', '-f', '-');
        const applied = await versions(input, 'apply', ...serverSide);
        return JSON.stringify(seen) === JSON.stringify(applied);
      },
      { what: 'two readings of the same versions' },
    );
    await untilNoDifference(cluster, { input }, ...serverSide);
  });
}

test('pods with addresses of the cluster are admitted where a namespace is restricted', async () => {
  const pods = ['balanced-0', 'balanced-1', 'pod-0'];
  const arePresent = async () => {
    const found = await cluster.kubectl('get', 'pods', '--namespace=restricted', '--output=name');
    return pods.every((pod) => found.includes(`pod/${pod}\n`));
  };
  assert.equal(await until(arePresent, { what: pods.join(', ') }), true);
});

const kinds =
  'statefulsets,services,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies,poddisruptionbudgets,certificates';

test('with the instances everything goes that was made for them', async () => {
  for (const namespace of ['nodes', 'restricted']) {
    await cluster.kubectl('delete', 'sbcinstances', '--all', `--namespace=${namespace}`, '--wait=true');
    const isEmpty = async () => {
      const left = await cluster.kubectl('get', kinds, `--namespace=${namespace}`, '--output=name');
      return left.trim().split('\n').sort().join(' ') === 'configmap/kube-root-ca.crt serviceaccount/default';
    };
    // The garbage collector looks for new kinds every 30 s.
    assert.equal(
      await until(isEmpty, { what: `an empty namespace ${namespace}`, withinMs: 70_000, everyMs: 500 }),
      true,
    );
  }
});
