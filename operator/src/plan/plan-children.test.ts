import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { compile } from '../compile/compile.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { PodTemplate } from '../objects/kube-types.ts';
import { role } from '../objects/role.ts';
import { planChildren } from './plan-children.ts';
import { planRoutingMaps } from './plan-routing-maps.ts';

type Trunks = readonly (TeamsTrunk | PbxTrunk)[];

const owner = { uid: 'b2c9' };
const issued = { tls: { issuerRef: { name: 'letsencrypt' } } };
type Fields = Readonly<Record<string, unknown>>;
const instanceOf = (spec: Fields = {}, metadata: Fields = {}) => anInstance(spec, { ...owner, ...metadata });
const usual: Trunks = [aTeamsTrunk(), aPbxTrunk()];

function stateOf(instance: SbcInstance, trunks: Trunks = usual): RoutingState {
  const { state } = compile(instance, {
    teamsTrunks: trunks.filter((trunk) => trunk.kind === 'TeamsTrunk'),
    pbxTrunks: trunks.filter((trunk) => trunk.kind === 'PbxTrunk'),
    callRoutes: [],
    numberPolicies: [],
  });
  assert.ok(state);
  return state;
}

const both = { certManager: true, serviceMonitor: true };

function children(instance: SbcInstance, trunks: Trunks = usual, capabilities = both): readonly KubeObject[] {
  const statusSecret = { crt: 'crt', key: 'key', token: 'token' };
  return planChildren({ instance, state: stateOf(instance, trunks), capabilities, statusSecret });
}

function child(kind: string, instance: SbcInstance, trunks: Trunks = usual): Record<string, unknown> {
  const found = children(instance, trunks).find((object) => object.kind === kind);
  assert.ok(found, `no ${kind}`);
  return found;
}

const specOf = (kind: string, instance: SbcInstance, trunks: Trunks = usual) =>
  child(kind, instance, trunks)['spec'] as Record<string, unknown>;
const templateOf = (instance: SbcInstance, trunks: Trunks = usual) =>
  specOf('StatefulSet', instance, trunks)['template'] as PodTemplate;
const names = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const mode = (name: string, fields: Fields = {}) => ({ network: { mode: name, ...fields } });
const below = (subdomain: string) => aTeamsTrunk({ subdomain }, { name: subdomain });
const dnsNames = (trunks: Trunks, spec: Fields = {}) =>
  specOf('Certificate', instanceOf({ ...issued, ...spec }), trunks)['dnsNames'];

const cases: Record<string, readonly [unknown, unknown]> = {
  'what a pod needs stands before the pods': [
    names(children(instanceOf({ ...issued, replicas: 2, ...mode('LoadBalancerPerPod') }))),
    [
      'Secret/sbc-status',
      'ServiceAccount/sbc-runtime',
      'Role/sbc-runtime',
      'RoleBinding/sbc-runtime',
      'Certificate/sbc-tls',
      'NetworkPolicy/sbc',
      'Service/sbc-pods',
      'Service/sbc-0',
      'Service/sbc-1',
      'PodDisruptionBudget/sbc',
      'StatefulSet/sbc',
      'ServiceMonitor/sbc',
    ],
  ],
  'on the network of the node there are no load balancers and no NetworkPolicy, and a Secret of one’s own needs no Certificate':
    [names(children(instanceOf())).filter((name) => /NetworkPolicy|sbc-0|Certificate/.test(name)), []],
  'kinds of others are left away where the API server has no CRD for them': [
    names(children(instanceOf(issued), usual, { certManager: false, serviceMonitor: false })).filter((name) =>
      /Certificate|ServiceMonitor/.test(name),
    ),
    [],
  ],
  'the operator replaces pods itself, and none waits for another': [
    [
      specOf('StatefulSet', instanceOf())['updateStrategy'],
      specOf('StatefulSet', instanceOf())['podManagementPolicy'],
      specOf('StatefulSet', instanceOf())['serviceName'],
    ],
    [{ type: 'OnDelete' }, 'Parallel', 'sbc-pods'],
  ],
  'a load balancer carries streams alone, keeps the peer’s address, and leads to its pod also while that drains': [
    children(
      instanceOf(mode('LoadBalancerPerPod', { serviceAnnotations: { 'metallb.io/address-pool': 'teams' } })),
    ).find(({ metadata }) => metadata.name === 'sbc-0'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...(child('StatefulSet', instanceOf())['metadata'] as object),
        name: 'sbc-0',
        annotations: { 'metallb.io/address-pool': 'teams' },
      },
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        publishNotReadyAddresses: true,
        selector: {
          'app.kubernetes.io/name': 'teams-sbc',
          'teams-sbc.dev/instance': 'sbc',
          'app.kubernetes.io/component': 'sbc-runtime',
          'statefulset.kubernetes.io/pod-name': 'sbc-0',
        },
        ports: [{ name: 'teams-tls', port: 5061, targetPort: 'teams-tls', protocol: 'TCP' }],
      },
    },
  ],
  'the certificate is asked for with an RSA key that changes each time': [
    specOf('Certificate', instanceOf(issued))['privateKey'],
    { algorithm: 'RSA', size: 2048, encoding: 'PKCS8', rotationPolicy: 'Always' },
  ],
  'the usages of the certificate are those of the manifest': [
    specOf('Certificate', instanceOf({ tls: { ...issued.tls, usages: ['server auth', 'client auth'] } }))['usages'],
    ['digital signature', 'key encipherment', 'server auth', 'client auth'],
  ],
  'the certificate has the names of the pods': [
    dnsNames(usual, { replicas: 2 }),
    ['sbc-0.voice.example.com', 'sbc-1.voice.example.com'],
  ],
  'one wildcard below each pod serves all subdomains': [
    dnsNames([below('customer1'), below('customer2')], { replicas: 2 }),
    ['sbc-0.voice.example.com', 'sbc-1.voice.example.com', '*.sbc-0.voice.example.com', '*.sbc-1.voice.example.com'],
  ],
  'names that tenants bring stand one by one, in an order that stays': [
    dnsNames([
      aTeamsTrunk({ fqdns: ['sbc.zeta.example'] }, { name: 'a' }),
      aTeamsTrunk({ fqdns: ['sbc.alpha.example'] }, { name: 'b' }),
    ]),
    ['sbc-0.voice.example.com', 'sbc.alpha.example', 'sbc.zeta.example'],
  ],
  'the status Secret holds what the operator pins': [
    child('Secret', instanceOf())['data'],
    { 'tls.crt': 'Y3J0', 'tls.key': 'a2V5', token: 'dG9rZW4=' },
  ],
  'SIP comes from the ranges of the trunks, media from everywhere, metrics and status from the cluster': [
    specOf('NetworkPolicy', instanceOf(mode('ClusterPod')), [
      aTeamsTrunk({ allowCIDRs: ['52.112.0.0/14'] }),
      aPbxTrunk({ allowCIDRs: ['10.20.0.10/24', '10.20.0.99/24'] }),
    ])['ingress'],
    [
      { ports: [{ port: 5061, protocol: 'TCP' }], from: [{ ipBlock: { cidr: '52.112.0.0/14' } }] },
      { ports: [{ port: 5060, protocol: 'UDP' }], from: [{ ipBlock: { cidr: '10.20.0.0/24' } }] },
      { ports: [{ port: 30000, endPort: 34999, protocol: 'UDP' }] },
      {
        ports: [
          { port: 8080, protocol: 'TCP' },
          { port: 8443, protocol: 'TCP' },
        ],
        from: [{ namespaceSelector: {} }],
      },
    ],
  ],
  'a listener without trunks is closed': [
    (
      specOf('NetworkPolicy', instanceOf({ ...mode('ClusterPod'), media: { engine: 'None' } }), [])[
        'ingress'
      ] as unknown[]
    ).length,
    1,
  ],
};

for (const [name, [found, expected]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(found, expected));
}

test('too many ranges for the nodes’ packet filters become one open port, which the runtime guards', () => {
  const trunks = Array.from({ length: 1001 }, (_, at) => {
    const allowCIDRs = [`10.${String(at >> 8)}.${String(at & 255)}.0/24`];
    return aPbxTrunk({ allowCIDRs }, { name: `pbx-${String(at)}` });
  });
  const rules = specOf('NetworkPolicy', instanceOf(mode('ClusterPod')), trunks)['ingress'] as object[];
  assert.deepEqual(rules[0], { ports: [{ port: 5060, protocol: 'UDP' }] });
});

test('every child is owned by the instance and has nothing of its labels and annotations, which Argo CD tracks', () => {
  const instance = instanceOf(issued, {
    labels: { 'app.kubernetes.io/instance': 'an-argo-application' },
    annotations: { 'argocd.argoproj.io/tracking-id': 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
  });
  for (const object of children(instance)) {
    assert.deepEqual(object.metadata.ownerReferences, [
      {
        apiVersion: 'teams-sbc.dev/v1alpha1',
        kind: 'SbcInstance',
        name: 'sbc',
        uid: 'b2c9',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    assert.equal(object.metadata.labels?.['teams-sbc.dev/instance'], 'sbc');
    assert.equal(object.metadata.labels['app.kubernetes.io/instance'], undefined);
    assert.equal(object.metadata.annotations, undefined);
    assert.equal(object.metadata.finalizers, undefined);
  }
});

const trunkFields = fc.record({
  login: fc.option(fc.constantFrom('login-a', 'login-b', 'sbc-tls'), { nil: undefined }),
  trust: fc.option(
    fc.record({
      kind: fc.constantFrom('ConfigMap', 'Secret'),
      name: fc.constantFrom('ca-a', 'ca-b'),
      key: fc.constant('ca.crt'),
    }),
    { nil: undefined },
  ),
});
const someTrunks = fc
  .array(trunkFields, { maxLength: 6 })
  .map((all): Trunks =>
    all.flatMap(({ login, trust }, at) => [
      aPbxTrunk(login === undefined ? {} : { auth: { secretRef: { name: login } } }, { name: `p${String(at)}` }),
      aTeamsTrunk(
        { subdomain: `t${String(at)}`, ...(trust === undefined ? {} : { tls: { trust: { caBundleRef: trust } } }) },
        { name: `t${String(at)}` },
      ),
    ]),
  );

test('the pod template does not depend on trunks', () => {
  const expected = JSON.stringify(templateOf(instanceOf(), []));
  fc.assert(
    fc.property(someTrunks, (trunks) => assert.equal(JSON.stringify(templateOf(instanceOf(), trunks)), expected)),
  );
});

test('the same input gives the same octets, in whatever order the trunks come', () => {
  fc.assert(
    fc.property(someTrunks, (trunks) => {
      assert.equal(
        JSON.stringify(children(instanceOf(), trunks)),
        JSON.stringify(children(instanceOf(), trunks.toReversed())),
      );
    }),
  );
});

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

test('the Role allows every Secret and ConfigMap that the document names, and no other Secret', () => {
  fc.assert(
    fc.property(someTrunks, (trunks) => {
      const state = stateOf(instanceOf(), trunks);
      const rules = child('Role', instanceOf(), trunks)['rules'] as readonly Rule[];
      const named = {
        ConfigMap: new Set(['sbc-routing']),
        Secret: new Set(state.certificates.map(({ secret }) => secret)),
      };
      for (const trunk of state.trunks)
        if (trunk.kind === 'PbxTrunk' && trunk.auth) named.Secret.add(trunk.auth.secret);
      for (const { source } of state.trustBundles) if ('kind' in source) named[source.kind].add(source.name);
      const watched = (resource: string) =>
        rules.find((rule) => rule.resources.includes(resource) && rule.verbs.includes('watch'))?.resourceNames;
      assert.deepEqual(watched('secrets'), [...named.Secret].toSorted());
      assert.deepEqual(watched('configmaps'), [...named.ConfigMap].toSorted());
      assert.ok(rules.every(({ verbs }) => verbs.every((verb) => ['get', 'list', 'watch'].includes(verb))));
    }),
  );
});

test('a document that names no Secret gives no right on Secrets: to the API server no names would be all of them', () => {
  const { rules } = role(instanceOf(), { ...stateOf(instanceOf(), []), certificates: [] }) as unknown as {
    readonly rules: readonly Rule[];
  };
  assert.deepEqual(
    rules.filter(({ resources }) => resources.includes('secrets')),
    [],
  );
});

test('no two objects of any instances share kind and name, and none is too long for a Service', () => {
  const instances = ['sbc', 'sbc-0', 'sbc-pods', 'sbc-routing', 'sbc-runtime', 'sbc-status', 'sbc-tls', 'a'.repeat(52)];
  const spec = { ...issued, ...mode('LoadBalancerPerPod'), hostnameTemplate: 'g{ordinal}', replicas: 16 };
  const all = instances.flatMap((name) => {
    const instance = instanceOf(spec, { name });
    const state = stateOf(instance, []);
    const maps = planRoutingMaps({ instance, state, present: [], previousIndex: undefined });
    return [...children(instance, []), ...maps.shards, maps.index, maps.copy];
  });
  assert.equal(new Set(names(all)).size, all.length);
  for (const { kind, metadata } of all) assert.ok(kind === 'ConfigMap' || metadata.name.length <= 63, metadata.name);
});
