import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from './parse-manifest.ts';
import { manifest } from './sample-manifest.ts';
import { certificateUsages } from './v1alpha1/certificate.ts';
import type { SbcInstanceSpec } from './v1alpha1/sbc-instance.ts';

function specOf(change: object): SbcInstanceSpec {
  const parsed = parseManifest(manifest('SbcInstance', change));
  assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
  assert.ok(parsed.ok && parsed.kind === 'SbcInstance');
  return parsed.object.spec;
}

const issuerRef = { name: 'letsencrypt' };
const toleration = (fields: object) => ({ podTemplate: { tolerations: [fields] } });
const quantity = (cpu: unknown) => ({ podTemplate: { resources: { runtime: { requests: { cpu } } } } });

const refused: Record<string, [change: object, ...messages: string[]]> = {
  'a status port that a listener has': [
    { observability: { statusPort: 5061 } },
    'spec.observability.statusPort: observability.statusPort is taken by a listener: choose another port (found 5061)',
  ],
  'a status port that the HTTP endpoints have': [
    { observability: { port: 8443 } },
    'spec.observability.statusPort: observability.port and observability.statusPort are the same: choose another port for one of them (found nothing)',
  ],
  'usages without an issuer': [
    { tls: { secretRef: { name: 'sbc-tls' }, usages: ['server auth'] } },
    'spec.tls.usages: usages are asked of an issuer, a Secret has what it has: remove usages, or name an issuerRef (found a list of one entry)',
  ],
  'a certificate that is not for servers': [
    { tls: { issuerRef, usages: ['client auth'] } },
    'spec.tls.usages: Microsoft refuses a certificate that is not for servers: add server auth to usages (found a list of one entry)',
  ],
  'another usage': [
    { tls: { issuerRef, usages: ['server auth', 'code signing'] } },
    'spec.tls.usages[1]: must be one of server auth, client auth (found "code signing")',
  ],
  'a usage twice': [
    { tls: { issuerRef, usages: ['server auth', 'server auth'] } },
    'spec.tls.usages: two entries have the same value: remove one of them (found a list of 2 entries)',
  ],
  'annotations for Services that are not made': [
    { network: { serviceAnnotations: { 'metallb.io/address-pool': 'teams' } } },
    'spec.network.serviceAnnotations: serviceAnnotations stand on Services of type LoadBalancer: set network.mode to LoadBalancerPerPod or remove them (found an object)',
  ],
  'the kernel for pods with a network of their own': [
    { network: { mode: 'ClusterPod' }, media: { forwarding: 'Kernel' } },
    'spec.media.forwarding: forwarding Kernel carries packets of the network of the node alone: set network.mode to HostNetwork, or media.forwarding to Userspace (found "Kernel")',
  ],
  'a toleration for everything without saying so': [
    toleration({ value: 'voice' }),
    'spec.podTemplate.tolerations[0].operator: a toleration without a key tolerates every taint: set operator to Exists, or name the key (found nothing)',
  ],
  'a value that nothing compares': [
    toleration({ key: 'dedicated', operator: 'Exists', value: 'voice' }),
    'spec.podTemplate.tolerations[0].value: operator Exists looks at no value: remove value, or set operator to Equal (found "voice")',
  ],
  'seconds of a taint that does not evict': [
    toleration({ key: 'dedicated', effect: 'NoSchedule', tolerationSeconds: 5 }),
    'spec.podTemplate.tolerations[0].tolerationSeconds: tolerationSeconds counts with effect NoExecute alone: set it, or remove tolerationSeconds (found 5)',
  ],
  'a quantity that is none': [
    quantity('lots'),
    'spec.podTemplate.resources.runtime.requests.cpu: must be a quantity, such as 500m, 2 or 512Mi (found "lots")',
  ],
  'an annotation under a name that is none': [
    { podTemplate: { annotations: { 'a b': 'c' } } },
    'spec.podTemplate.annotations: a key is a name such as example.com/name: letters, digits, hyphens, dots, underscores and one slash (found "a b")',
  ],
  'a node label that is none': [
    { podTemplate: { nodeSelector: { pool: 'a b' } } },
    'spec.podTemplate.nodeSelector.pool: must be a label value: letters, digits, hyphens, dots and underscores, at most 63 (found "a b")',
  ],
  'too many annotations': [
    { podTemplate: { annotations: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`a${String(at)}`, ''])) } },
    'spec.podTemplate.annotations: must be at most 32 texts under names such as example.com/name (found an object)',
  ],
};

for (const [name, [change, ...messages]] of Object.entries(refused)) {
  test(`refused with its remedy: ${name}`, () => {
    const parsed = parseManifest(manifest('SbcInstance', change));
    assert.deepEqual(parsed.ok ? [] : parsed.problems.map(({ message }) => message), messages);
  });
}

test('a quantity may be a number, as people write it', () => {
  const { podTemplate } = specOf(quantity(2));
  assert.equal(podTemplate.resources?.runtime?.requests?.cpu, '2');
});

test('a Certificate is asked for servers alone, unless usages says more', () => {
  assert.deepEqual(certificateUsages(specOf({ tls: { issuerRef } }).tls), ['server auth']);
  const both = ['server auth', 'client auth'];
  assert.deepEqual(certificateUsages(specOf({ tls: { issuerRef, usages: both } }).tls), both);
});

test('a status that an operator of another release wrote is no reason to refuse the spec', () => {
  const stored = { ...(manifest('SbcInstance') as object), status: { conditions: 'none', shape: { of: 'tomorrow' } } };
  const parsed = parseManifest(stored);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.object.status, stored.status);
});
