import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import type { PlannedInstance } from '../plan/plan-instance.ts';
import { planInstance } from '../plan/plan-instance.ts';
import { containerProcess } from './container-process.ts';
import { hostPorts } from './host-ports.ts';
import { hostsFile } from './hosts-file.ts';
import { pendingFields } from './pending-fields.ts';
import { planDirectory } from './plan-directory.ts';
import { volumeContents } from './volume-files.ts';

const address = (bindAddress: string) => ({ network: { addresses: [{ address: '203.0.113.7', bindAddress }] } });
const loopback = anInstance(address('127.0.0.10'));

function planned(instance = loopback): PlannedInstance {
  const plan = planInstance({ instance, teamsTrunks: [aTeamsTrunk()], pbxTrunks: [aPbxTrunk()] });
  assert.equal(plan.kind, 'planned');
  return plan;
}

function podOf(plan: PlannedInstance) {
  const pod = plan.pods[0];
  assert.ok(pod);
  return pod;
}

const context = {
  facts: { podName: 'sbc-0', podIp: '127.0.0.10', namespace: 'default' },
  mountPaths: ['/etc/teams-sbc/state', '/etc/teams-sbc/secrets/sbc-tls', '/run/teams-sbc', '/etc/hosts'],
  root: '/tmp/pod/root',
} as const;

test('the arguments of the runtime name the pod, its address and the files of the host', () => {
  const container = planned().podTemplate.spec?.containers[0];
  assert.ok(container);
  const { command, args } = containerProcess(container, { ...context, command: ['/usr/bin/node', 'main.ts'] });
  assert.equal(command, '/usr/bin/node');
  assert.deepEqual(args, [
    'main.ts',
    '--pod-name=sbc-0',
    '--bind-address=127.0.0.10',
    '--state-directory=/tmp/pod/root/etc/teams-sbc/state',
    '--secrets-directory=/tmp/pod/root/etc/teams-sbc/secrets',
    '--trust-directory=/etc/teams-sbc/trust',
    '--hosts-file=/tmp/pod/root/etc/hosts',
    '--relay=127.0.0.10:2223',
    '--http-port=8080',
    '--admin-socket=/tmp/pod/root/run/teams-sbc/admin.sock',
    '--journal-directory=/run/teams-sbc-journal',
    '--longest-drain-seconds=14400',
  ]);
});

test('an interface of RTPEngine with a slash is no path', () => {
  const container = planned().podTemplate.spec?.initContainers?.[0];
  assert.ok(container);
  const { args } = containerProcess(container, { ...context, command: ['/usr/bin/rtpengine'] });
  assert.ok(args.includes('--interface=teams/127.0.0.10'));
});

test('a variable may name the one before it', () => {
  const env = [
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'CONTROL_ADDRESS', value: '$(POD_IP)' },
  ];
  const { environment } = containerProcess({ name: 'x', env }, { ...context, command: ['x'] });
  assert.deepEqual(environment, { POD_IP: '127.0.0.10', CONTROL_ADDRESS: '127.0.0.10' });
});

test('the hosts file is that of the machine with the aliases below', () => {
  const aliases = [{ ip: '192.0.2.10', hostnames: ['a.example.com', 'b.example.com'] }];
  assert.equal(
    hostsFile('127.0.0.1 localhost', aliases),
    '127.0.0.1 localhost\n\n# hostAliases of the pod\n192.0.2.10\ta.example.com b.example.com\n',
  );
  assert.equal(hostsFile('127.0.0.1 localhost\n', []), '127.0.0.1 localhost\n');
});

test('a Secret is for its owner to read, and trust roots appear as ca.crt whatever their key', () => {
  const manifests = `apiVersion: v1
kind: Secret
metadata: { name: sbc-tls }
stringData: { tls.crt: certificate, tls.key: key }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: lab-ca }
data: { root.pem: roots, other: ignored }
`;
  const { resources } = planDirectory([{ path: 'a.yaml', text: manifests }]);
  const trust = { tls: { trust: { caBundleRef: { kind: 'ConfigMap', name: 'lab-ca', key: 'root.pem' } } } };
  const plan = planInstance({ instance: loopback, teamsTrunks: [aTeamsTrunk(trust)], pbxTrunks: [] });
  assert.equal(plan.kind, 'planned');
  const contents = volumeContents(resources, loopback, plan);
  const shown = contents.map(({ mountPath, source, files }) => [
    mountPath,
    source,
    files.map(({ name, mode }) => `${name} ${mode.toString(8)}`),
  ]);
  assert.deepEqual(shown, [
    ['/etc/teams-sbc/state', 'ConfigMap/sbc-routing', ['routing-state.json 600']],
    ['/run/teams-sbc', undefined, []],
    ['/run/teams-sbc-journal', undefined, []],
    ['/etc/teams-sbc/secrets/sbc-tls', 'Secret/sbc-tls', ['tls.crt 400', 'tls.key 400']],
    ['/etc/teams-sbc/trust/configmap-lab-ca', 'ConfigMap/lab-ca', ['ca.crt 600']],
  ]);
  assert.equal(Buffer.from(contents[4]?.files[0]?.content ?? []).toString(), 'roots');
});

test('the ports of a pod are those of its listeners, of HTTP and of control, each with its field', () => {
  const ports = hostPorts(loopback, podOf(planned())).map(
    ({ protocol, address: host, port, field }) => `${protocol} ${host}:${String(port)} ${field}`,
  );
  assert.deepEqual(ports, [
    'TCP 127.0.0.10:5061 spec.listeners[0].port',
    'UDP 127.0.0.10:5060 spec.listeners[1].port',
    'TCP 127.0.0.10:8080 spec.observability.port',
    'UDP 127.0.0.10:2223 spec.media.controlPort',
  ]);
});

const changes: Record<string, readonly [Record<string, unknown>, readonly string[]]> = {
  'the drain time is followed while calls run': [{ drain: { timeoutSeconds: 1 } }, []],
  'a lower call limit is followed while calls run': [{ capacity: { maxCalls: 10 } }, []],
  'a higher call limit is an argument of RTPEngine': [{ capacity: { maxCalls: 600 } }, ['spec.capacity.maxCalls']],
  'media ports wait for the next start': [
    { media: { portRange: { start: 40000, end: 44999 } } },
    ['spec.media.portRange'],
  ],
  'the control port waits for the next start': [{ media: { controlPort: 2224 } }, ['spec.media.controlPort']],
  'another bind address waits for the next start': [address('127.0.0.11'), ['spec.network.addresses']],
  'a listener that moves waits for the next start': [
    {
      listeners: [
        { kind: 'TeamsTrunk', transport: 'TLS', port: 5071 },
        { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
      ],
    },
    ['spec.listeners'],
  ],
  'a listener that is added is opened while calls run': [
    {
      listeners: [
        { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
        { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
        { kind: 'PbxTrunk', transport: 'TCP', port: 5060 },
      ],
    },
    [],
  ],
};

for (const [name, [spec, expected]] of Object.entries(changes)) {
  test(name, () => {
    const wanted = anInstance({ ...address('127.0.0.10'), ...spec });
    const found = pendingFields(
      { instance: loopback, pod: podOf(planned()), listeners: loopback.spec.listeners },
      { instance: wanted, pod: podOf(planned(wanted)) },
    );
    assert.deepEqual(found, expected);
  });
}
