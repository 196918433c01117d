/** How the pods of an instance are reached, and under which addresses. */
import { z } from 'zod';
import { dnsName, ipAddress } from './field.ts';
import { annotations } from './annotations.ts';
import { uniqueList } from './rule.ts';

const address = z.strictObject({
  address: ipAddress.meta({
    description: 'The public address of the pod: in SDP, in status, and what its FQDN must resolve to.',
    examples: ['203.0.113.7'],
  }),
  bindAddress: ipAddress.optional().meta({
    description:
      'The address to listen on, where it differs from the public one: behind NAT, or in local mode. Absent: the address of the pod.',
    examples: ['10.0.0.7'],
  }),
});

const hostAlias = z.strictObject({
  ip: ipAddress.meta({ description: 'The address.', examples: ['192.0.2.10'] }),
  hostnames: z
    .array(dnsName)
    .min(1)
    .max(32)
    .meta({ description: 'The names that stand for it.', examples: [['pbx.example.com']] }),
});

export const network = z
  .strictObject({
    mode: z.enum(['HostNetwork', 'LoadBalancerPerPod', 'ClusterPod']).default('HostNetwork').meta({
      description:
        'How pods are reached. `HostNetwork`: a pod uses the addresses of its node, and no two pods of an instance share a node. `LoadBalancerPerPod`: every pod gets a Service of type LoadBalancer of its own, for SIP over TCP and TLS alone. Sound and SIP over UDP do not go through it: the network must bring them to the pod under the same address (1:1 NAT), or there is no sound. `ClusterPod`: pods keep their cluster address, for clusters whose pod addresses are routed, and for tests.',
    }),
    addresses: uniqueList(z.array(address).max(16), ['address']).default([]).meta({
      description:
        'The address of every pod, by ordinal: the first is for pod 0. Empty: the address that the node or the load balancer has. More entries than replicas are kept for pods to come.',
    }),
    hostAliases: z.array(hostAlias).max(64).default([]).meta({
      description: 'Names that the pods look up here before they ask DNS, as in a hosts file.',
    }),
    serviceAnnotations: annotations.optional().meta({
      description:
        'Annotations of the Service of every pod, for what your cloud or load balancer reads there: a pool of addresses, a subnet. Only with mode LoadBalancerPerPod.',
      examples: [{ 'metallb.io/address-pool': 'teams' }],
    }),
  })
  .prefault({})
  .meta({ description: 'How the pods are reached from outside.' });
