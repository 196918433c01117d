import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { assessAddresses } from './assess-addresses.ts';
import type { AddressFacts, AddressPlan, NodeFacts, PodAddress } from './plan-addresses.ts';
import { planAddresses } from './plan-addresses.ts';

type Fields = Readonly<Record<string, unknown>>;
const network = (mode: string, fields: Fields = {}) => ({ network: { mode, ...fields } });
const node = (name: string, ...addresses: (readonly [type: string, address: string])[]): NodeFacts => ({
  name,
  addresses: addresses.map(([type, address]) => ({ type, address })),
});
const loadBalancer = (ingress: { ip?: string; hostname?: string }) => ({ name: 'sbc-0', ingress: [ingress] });
const before = (address: PodAddress) => new Map([[0, address]]);
const on = (nodeName: string) => ({ ordinal: 0, nodeName, podIP: '10.0.0.5' });

function planned(spec: Fields, facts: Partial<AddressFacts>): AddressPlan {
  return planAddresses({ instance: anInstance(spec), pods: [], nodes: [], services: [], ...facts });
}

const addressed: Record<string, readonly [Fields, Partial<AddressFacts>, PodAddress]> = {
  'what stands in the manifest wins over everything': [
    network('HostNetwork', { addresses: [{ address: '203.0.113.9' }] }),
    { pods: [on('a')], nodes: [node('a', ['ExternalIP', '203.0.113.7'])] },
    { address: '203.0.113.9', source: 'Spec' },
  ],
  'on the network of the node it is the ExternalIP of the node': [
    network('HostNetwork'),
    { pods: [on('a')], nodes: [node('a', ['InternalIP', '10.0.0.5'], ['ExternalIP', '203.0.113.7'])] },
    { address: '203.0.113.7', source: 'NodeExternalIP' },
  ],
  'of two addresses of a node the IPv4 one is taken, because Microsoft speaks nothing else': [
    network('HostNetwork'),
    { pods: [on('a')], nodes: [node('a', ['ExternalIP', '2001:db8::7'], ['ExternalIP', '203.0.113.7'])] },
    { address: '203.0.113.7', source: 'NodeExternalIP' },
  ],
  'a node without an ExternalIP lends its InternalIP': [
    network('HostNetwork'),
    { pods: [on('a')], nodes: [node('a', ['Hostname', 'a'], ['InternalIP', '10.0.0.5'])] },
    { address: '10.0.0.5', source: 'NodeInternalIP' },
  ],
  'a load balancer has its own': [
    network('LoadBalancerPerPod'),
    {
      pods: [on('a')],
      nodes: [node('a', ['ExternalIP', '203.0.113.7'])],
      services: [loadBalancer({ ip: '203.0.113.8' })],
    },
    { address: '203.0.113.8', source: 'LoadBalancer' },
  ],
  'in the cluster it is that of the pod': [
    network('ClusterPod'),
    { pods: [on('a')] },
    { address: '10.0.0.5', source: 'PodIP' },
  ],
  'while a pod is on no node its last address stays': [
    network('HostNetwork'),
    { pods: [{ ordinal: 0 }], previous: before({ address: '203.0.113.7', source: 'NodeExternalIP' }) },
    { address: '203.0.113.7', source: 'NodeExternalIP' },
  ],
  'while the node of a pod is not known its last address stays': [
    network('HostNetwork'),
    { pods: [on('gone')], previous: before({ address: '203.0.113.7', source: 'NodeExternalIP' }) },
    { address: '203.0.113.7', source: 'NodeExternalIP' },
  ],
  'while a load balancer has lost its address the last one stays': [
    network('LoadBalancerPerPod'),
    {
      services: [{ name: 'sbc-0', ingress: [] }],
      previous: before({ address: '203.0.113.8', source: 'LoadBalancer' }),
    },
    { address: '203.0.113.8', source: 'LoadBalancer' },
  ],
  'a pod on another node has the address of that one, whatever it had before': [
    network('HostNetwork'),
    {
      pods: [on('b')],
      nodes: [node('b', ['ExternalIP', '203.0.113.70'])],
      previous: before({ address: '203.0.113.7', source: 'NodeExternalIP' }),
    },
    { address: '203.0.113.70', source: 'NodeExternalIP' },
  ],
};

for (const [name, [spec, facts, expected]] of Object.entries(addressed)) {
  test(name, () => {
    const { addresses, missing } = planned(spec, facts);
    assert.deepEqual([[...addresses], missing], [[[0, expected]], []]);
  });
}

const unaddressed: Record<string, readonly [Fields, Partial<AddressFacts>, RegExp]> = {
  'a load balancer with a name alone is refused, and the sentence says what to do': [
    network('LoadBalancerPerPod'),
    { services: [loadBalancer({ hostname: 'lb.cloud.example' })] },
    /has the name lb\.cloud\.example and no IP address.*write its public address to spec\.network\.addresses\[0\]$/,
  ],
  'a name in the place of a known address is refused too': [
    network('LoadBalancerPerPod'),
    {
      services: [loadBalancer({ hostname: 'lb.cloud.example' })],
      previous: before({ address: '203.0.113.8', source: 'LoadBalancer' }),
    },
    /has the name lb\.cloud\.example/,
  ],
  'a load balancer that has not answered yet': [
    network('LoadBalancerPerPod'),
    {},
    /^the load balancer of Service sbc-0 has no address yet: .*kubectl describe service sbc-0/,
  ],
  'a load balancer has nothing to carry where all listeners are UDP': [
    { ...network('LoadBalancerPerPod'), listeners: [{ kind: 'PbxTrunk', transport: 'UDP', port: 5060 }] },
    {},
    /carries TCP and TLS alone/,
  ],
  'a pod that no node takes': [
    network('HostNetwork'),
    {},
    /^pod sbc-0 is on no node yet: .*kubectl describe pod sbc-0/,
  ],
  'a pod that has not started': [network('ClusterPod'), {}, /^pod sbc-0 has no address yet/],
  'a node without any address': [
    network('HostNetwork'),
    { pods: [on('a')], nodes: [node('a')] },
    /^node a of pod sbc-0 has no address/,
  ],
  'an address of another mode means nothing': [
    network('ClusterPod'),
    { previous: before({ address: '203.0.113.8', source: 'LoadBalancer' }) },
    /^pod sbc-0 has no address yet/,
  ],
};

for (const [name, [spec, facts, expected]] of Object.entries(unaddressed)) {
  test(`missing: ${name}`, () => {
    const instance = anInstance(spec);
    const plan = planned(spec, facts);
    assert.deepEqual([...plan.addresses], []);
    assert.match(plan.missing[0]?.message ?? '', expected);
    const isPassing = plan.missing[0]?.away === true;
    assert.equal(assessAddresses(instance, plan, false).reason, isPassing ? 'AddressPending' : 'AddressMissing');
    assert.equal(assessAddresses(instance, plan, true).reason, 'AddressMissing');
  });
}

test('the document holds only what a pod cannot see on itself, so that a restart changes nothing', () => {
  const facts = { pods: [on('a')], nodes: [node('a', ['InternalIP', '10.0.0.5'])] };
  assert.deepEqual([...planned(network('HostNetwork'), facts).advertised], []);
  assert.deepEqual([...planned(network('ClusterPod'), facts).advertised], []);
  const external = { ...facts, nodes: [node('a', ['ExternalIP', '203.0.113.7'])] };
  assert.equal(planned(network('HostNetwork'), external).advertised.get(0)?.address, '203.0.113.7');
});

test('an InternalIP is good enough, and the condition says what to look at', () => {
  const facts = { pods: [on('a')], nodes: [node('a', ['InternalIP', '10.0.0.5'])] };
  const condition = assessAddresses(anInstance(), planned(network('HostNetwork'), facts), false);
  assert.equal(condition.status, 'True');
  assert.match(condition.message, /node a has no ExternalIP, so pod sbc-0 has its InternalIP 10\.0\.0\.5/);
});

test('two pods behind one address are no two gateways', () => {
  const spec = { ...network('HostNetwork'), replicas: 2 };
  const nodes = [node('a', ['ExternalIP', '203.0.113.7']), node('b', ['ExternalIP', '203.0.113.7'])];
  const pods = [on('a'), { ordinal: 1, nodeName: 'b' }];
  const condition = assessAddresses(anInstance(spec), planned(spec, { pods, nodes }), false);
  assert.deepEqual(condition, {
    status: 'False',
    reason: 'AddressShared',
    message:
      'sbc-0 and sbc-1 have the address 203.0.113.7, and Teams takes one gateway for each: write an address of its own for each pod to spec.network.addresses',
  });
});

test('what a cloud or a person must do first is said at once, what comes by itself is waited for', () => {
  const reason = (spec: ReturnType<typeof network>, facts: Parameters<typeof planned>[1]) =>
    assessAddresses(anInstance(spec), planned(spec, facts), false).reason;
  assert.equal(reason(network('ClusterPod'), {}), 'AddressPending');
  const named = { services: [loadBalancer({ hostname: 'lb.cloud.example' })] };
  assert.equal(reason(network('LoadBalancerPerPod'), named), 'AddressMissing');
});

test('pods above replicas have no address any more', () => {
  const facts = { pods: [on('a'), { ordinal: 1, nodeName: 'a', podIP: '10.0.0.6' }] };
  assert.deepEqual([...planned(network('ClusterPod'), facts).addresses.keys()], [0]);
});
