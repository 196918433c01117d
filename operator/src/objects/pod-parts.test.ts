import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { podSettings } from './pod-parts.ts';

test('on the network of the node a pod knows names of the cluster, and no two of an instance share a node', () => {
  const { hostNetwork, dnsPolicy, affinity } = podSettings(anInstance({ network: { mode: 'HostNetwork' } }));
  const [term] = affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  assert.deepEqual(
    [hostNetwork, dnsPolicy, term?.topologyKey, term?.labelSelector?.matchLabels?.['teams-sbc.dev/instance']],
    [true, 'ClusterFirstWithHostNet', 'kubernetes.io/hostname', 'sbc'],
  );
});

test('on a network of its own it asks for nothing of that', () => {
  const { hostNetwork, dnsPolicy, affinity } = podSettings(anInstance({ network: { mode: 'ClusterPod' } }));
  assert.deepEqual([hostNetwork, dnsPolicy, affinity], [undefined, undefined, undefined]);
});

test('a port below 1024 is free to a pod with a network of its own, which is not root', () => {
  const sysctls = (mode: string, port: number) =>
    podSettings(anInstance({ network: { mode }, listeners: [{ kind: 'TeamsTrunk', transport: 'TLS', port }] }))
      .securityContext?.sysctls;
  assert.deepEqual(sysctls('LoadBalancerPerPod', 443), [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }]);
  assert.deepEqual([sysctls('ClusterPod', 5061), sysctls('HostNetwork', 5061)], [undefined, undefined]);
});
