import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SbcInstance } from '@teams-sbc/crds';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import type { PlannedInstance } from './plan-instance.ts';
import { planInstance } from './plan-instance.ts';
import { unattachedObjects } from './unattached-objects.ts';

function planned(instance: SbcInstance, teamsTrunk = aTeamsTrunk(), pbxTrunk = aPbxTrunk()): PlannedInstance {
  const plan = planInstance({ instance, teamsTrunks: [teamsTrunk], pbxTrunks: [pbxTrunk] });
  assert.equal(plan.kind, 'planned');
  return plan;
}

const runtimeOf = (plan: PlannedInstance) => plan.podTemplate.spec?.containers[0];
const rtpengineOf = (plan: PlannedInstance) => plan.podTemplate.spec?.initContainers?.[0];
const at = (...addresses: { address: string; bindAddress?: string }[]) => ({
  replicas: addresses.length,
  network: { addresses },
});
const controlOf = (plan: PlannedInstance) =>
  runtimeOf(plan)?.env?.find(({ name }) => name === 'CONTROL_ADDRESS')?.value;
const trust = (kind: string) => ({ tls: { trust: { caBundleRef: { kind, name: 'lab-ca', key: 'root.pem' } } } });

const cases: Record<string, readonly [(plan: PlannedInstance) => unknown, SbcInstance, unknown]> = {
  'a pod has its address and, behind NAT, the one it is bound to': [
    ({ pods }) => pods,
    anInstance(at({ address: '203.0.113.7', bindAddress: '10.0.0.7' }, { address: '203.0.113.8' })),
    [
      { name: 'sbc-0', ordinal: 0, fqdn: 'sbc-0.voice.example.com', address: '203.0.113.7', bindAddress: '10.0.0.7' },
      {
        name: 'sbc-1',
        ordinal: 1,
        fqdn: 'sbc-1.voice.example.com',
        address: '203.0.113.8',
        bindAddress: '203.0.113.8',
      },
    ],
  ],
  'RTPEngine is a native sidecar, so it starts before the runtime and ends after it': [
    (plan) => [rtpengineOf(plan)?.name, rtpengineOf(plan)?.restartPolicy],
    anInstance(),
    ['rtpengine', 'Always'],
  ],
  'without a media engine there is no sidecar, and the runtime is told of no relay': [
    (plan) => [plan.podTemplate.spec?.initContainers, runtimeOf(plan)?.args?.some((arg) => arg.startsWith('--relay'))],
    anInstance({ media: { engine: 'None' } }),
    [undefined, false],
  ],
  'the media ports and the call limit are arguments of RTPEngine': [
    (plan) => rtpengineOf(plan)?.args?.filter((arg) => /port-|max-sessions/.test(arg)),
    anInstance({ media: { portRange: { start: 40000, end: 40399 } }, capacity: { maxCalls: 100 } }),
    ['--port-min=40000', '--port-max=40399', '--max-sessions=100'],
  ],
  'control stands on 127.0.0.1, where only the pod itself reaches it': [
    controlOf,
    anInstance(at({ address: '203.0.113.7' }, { address: '203.0.113.8', bindAddress: '127.0.0.8' })),
    '127.0.0.1',
  ],
  'control stands on the address of the pod where all of them are loopback addresses': [
    controlOf,
    anInstance(at({ address: '203.0.113.7', bindAddress: '127.0.0.10' }, { address: '127.0.0.11' })),
    '$(POD_IP)',
  ],
  'Kubernetes waits longer than the runtime drains': [
    ({ podTemplate }) => podTemplate.spec?.terminationGracePeriodSeconds,
    anInstance({ drain: { timeoutSeconds: 600 } }),
    630,
  ],
  'nothing runs as root, writes to its image or has capabilities': [
    (plan) => [
      plan.podTemplate.spec?.securityContext?.runAsNonRoot,
      rtpengineOf(plan)?.securityContext,
      runtimeOf(plan)?.securityContext,
    ],
    anInstance(),
    [
      true,
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    ],
  ],
  'the certificate is mounted under the name of its Secret': [
    (plan) => [plan.podTemplate.spec?.volumes?.[3], runtimeOf(plan)?.volumeMounts?.[3]?.mountPath],
    anInstance(),
    [
      { name: 'secret-sbc-tls', secret: { secretName: 'sbc-tls', defaultMode: 0o400 } },
      '/etc/teams-sbc/secrets/sbc-tls',
    ],
  ],
  'a Secret whose name is no DNS label still has a volume': [
    (plan) => /^secret-[0-9a-f]{16}$/.test(plan.podTemplate.spec?.volumes?.[3]?.name ?? ''),
    anInstance({ tls: { secretRef: { name: 'sbc.example.com' } } }),
    true,
  ],
  'on the network of the node no two pods share one': [
    ({ podTemplate }) => [podTemplate.spec?.hostNetwork, podTemplate.spec?.affinity !== undefined],
    anInstance(),
    [true, true],
  ],
  'a pod with an address of the cluster may stand anywhere': [
    ({ podTemplate }) => [podTemplate.spec?.hostNetwork, podTemplate.spec?.affinity],
    anInstance({ network: { mode: 'ClusterPod' } }),
    [undefined, undefined],
  ],
  'host aliases go to the hosts file of the pod': [
    ({ podTemplate }) => podTemplate.spec?.hostAliases,
    anInstance({ network: { hostAliases: [{ ip: '192.0.2.10', hostnames: ['pbx.example.com'] }] } }),
    [{ ip: '192.0.2.10', hostnames: ['pbx.example.com'] }],
  ],
};

for (const [name, [read, instance, expected]] of Object.entries(cases)) {
  test(name, () => assert.deepEqual(read(planned(instance)), expected));
}

for (const kind of ['ConfigMap', 'Secret']) {
  test(`trust roots of a ${kind} are mounted as ca.crt, whatever their key`, () => {
    const plan = planned(anInstance(), aTeamsTrunk(trust(kind)));
    const volume = plan.podTemplate.spec?.volumes?.[4];
    const items = kind === 'Secret' ? volume?.secret?.items : volume?.configMap?.items;
    assert.deepEqual(items, [{ key: 'root.pem', path: 'ca.crt' }]);
    assert.equal(runtimeOf(plan)?.volumeMounts?.[4]?.mountPath, `/etc/teams-sbc/trust/${kind.toLowerCase()}-lab-ca`);
  });
}

test('the login of a trunk is mounted under the name of its Secret, once, also where it holds the certificate too', () => {
  for (const [name, mounts] of [
    ['pbx-login', ['sbc-tls', 'pbx-login']],
    ['sbc-tls', ['sbc-tls']],
  ] as const) {
    const plan = planned(anInstance(), aTeamsTrunk(), aPbxTrunk({ auth: { secretRef: { name } } }));
    const paths = runtimeOf(plan)?.volumeMounts?.map(({ mountPath }) => mountPath) ?? [];
    const secrets = paths.filter((path) => path.startsWith('/etc/teams-sbc/secrets/'));
    assert.deepEqual(
      secrets,
      mounts.map((mount) => `/etc/teams-sbc/secrets/${mount}`),
    );
    const volume = plan.podTemplate.spec?.volumes?.find((each) => each.name === `secret-${name}`);
    assert.deepEqual(volume?.secret, { secretName: name, defaultMode: 0o400 });
  }
});

test('the hash is that of the document and changes with it', () => {
  const hash = planned(anInstance()).hash;
  assert.match(hash, /^sha256:[0-9a-f]{64}$/);
  assert.equal(planned(anInstance()).hash, hash);
  assert.notEqual(planned(anInstance({ capacity: { maxCalls: 7 } })).hash, hash);
});

test('an argument of RTPEngine changes the pod template and not the document', () => {
  const before = planned(anInstance());
  const after = planned(anInstance({ media: { controlPort: 2224 } }));
  assert.equal(after.hash, before.hash);
  assert.notDeepEqual(after.podTemplate, before.podTemplate);
});

test('a trunk that names no instance of its namespace is told which there are', () => {
  const problems = unattachedObjects([anInstance()], [aTeamsTrunk(), aPbxTrunk({ sbcRef: { name: 'sbx' } })]);
  assert.deepEqual(
    problems.map(({ object, field, message }) => [object.name, field, message]),
    [['pbx', 'spec.sbcRef.name', 'found sbx, allowed the name of an SbcInstance in namespace default (sbc)']],
  );
});
