import { conditions, type KindCases } from './kind-cases.ts';

const minimal = { domain: 'voice.example.com', tls: { secretRef: { name: 'sbc-tls' } } };
const teams = { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 };
const pbx = { kind: 'PbxTrunk', transport: 'UDP', port: 5060 };
const noOrders =
  'keys that begin with teams-sbc.dev/ are orders to the operator about one object: set them on that object with kubectl annotate';
const keyName = 'a key is a name such as example.com/name: letters, digits, hyphens, dots, underscores and one slash';
const image =
  'an image is one word of letters, digits and . _ : / @ -, such as registry.example.com/teams-sbc/sbc-runtime:0.1.0: remove spaces and line breaks';
const longLabel = 'a'.repeat(47);

export const sbcInstanceCases: KindCases = {
  kind: 'SbcInstance',
  minimal,
  filledIn: {
    ...minimal,
    replicas: 1,
    hostnameTemplate: '{name}-{ordinal}',
    listeners: [teams, pbx],
    network: { mode: 'HostNetwork', addresses: [], hostAliases: [] },
    media: {
      engine: 'RTPEngine',
      forwarding: 'Userspace',
      portRange: { start: 30_000, end: 34_999 },
      controlPort: 2223,
    },
    capacity: { maxCalls: 500, maxCallsPerSecond: 50 },
    calls: { ringTimeoutSeconds: 180 },
    drain: { timeoutSeconds: 14_400 },
    observability: { port: 8080, statusPort: 8443, logLevel: 'Info' },
    podTemplate: { topologyKey: 'topology.kubernetes.io/zone' },
    images: {},
  },
  accepted: [
    { what: 'a certificate of cert-manager', change: { tls: { issuerRef: { name: 'letsencrypt' } } } },
    { what: 'TCP and UDP on one port number', change: { listeners: [teams, pbx, { ...pbx, transport: 'TCP' }] } },
    { what: 'one replica without {ordinal}', change: { hostnameTemplate: '{name}' } },
    {
      what: 'no media relay, and a range too small for one',
      change: { media: { engine: 'None', portRange: { start: 30_000, end: 30_001 } } },
    },
    { what: 'an IPv6 address', change: { 'network.addresses': [{ address: '2001:db8::7' }] } },
    {
      what: 'a load balancer for each pod',
      change: {
        'network.mode': 'LoadBalancerPerPod',
        'network.serviceAnnotations': { 'service.beta.kubernetes.io/type': 'external' },
        replicas: 16,
      },
    },
    { what: 'a toleration of everything', change: { 'podTemplate.tolerations': [{ operator: 'Exists' }] } },
    {
      what: 'a port below 1024 on a network of its own',
      change: { 'network.mode': 'LoadBalancerPerPod', listeners: [{ ...teams, port: 443 }, pbx] },
    },
    {
      what: 'images by tag, port and digest',
      change: {
        'images.runtime': 'localhost:5000/Mirror/sbc_runtime:0.1.0',
        'images.rtpengine': `registry.example.com/rtpengine:0.1.0@sha256:${'0'.repeat(64)}`,
      },
    },
    { what: 'a registry with a login', change: { 'podTemplate.imagePullSecrets': [{ name: 'registry-login' }] } },
    { what: 'a drain that waits for nothing', change: { 'drain.timeoutSeconds': 0 } },
  ],
  refused: [
    {
      what: 'a port that only root may listen on',
      change: { listeners: [{ ...teams, port: 443 }, pbx] },
      at: 'spec.listeners',
      says: 'on the network of the node only root may listen below 1024, and the pods are not root: choose another port, or another network.mode',
    },
    {
      what: 'health on a port that only root may listen on',
      change: { 'observability.port': 80 },
      at: 'spec.observability',
      says: 'on the network of the node only root may listen below 1024, and the pods are not root: choose other ports, or another network.mode',
    },
    {
      what: 'RTPEngine controlled on a port that only root may listen on',
      change: { 'media.controlPort': 1023 },
      at: 'spec.media.controlPort',
      says: 'on the network of the node only root may listen below 1024, and the pods are not root: choose another controlPort, or another network.mode',
    },
    {
      what: 'packets in the kernel on a network of the pod’s own',
      change: { 'network.mode': 'LoadBalancerPerPod', 'media.forwarding': 'Kernel' },
      at: 'spec.media.forwarding',
      says: 'forwarding Kernel carries packets of the network of the node alone: set network.mode to HostNetwork, or media.forwarding to Userspace',
    },
    {
      what: 'an image of two words',
      change: { 'images.runtime': 'registry.example.com/sbc-runtime 0.1.0' },
      at: 'spec.images.runtime',
      says: image,
    },
    {
      what: 'an image with a line break',
      change: { 'images.rtpengine': 'registry.example.com/rtpengine:0.1.0\n' },
      at: 'spec.images.rtpengine',
      says: image,
    },
    {
      what: 'a name that begins with a digit',
      name: '1sbc',
      change: {},
      at: '',
      says: 'the name of an SbcInstance begins with a letter, has no dots and at most 52 characters, because its pods and Services are named after it: choose another name',
    },
    {
      what: 'an FQDN that is too long for Teams',
      change: { domain: `${longLabel}.example.com` },
      at: 'spec.hostnameTemplate',
      says: 'the FQDN of every pod has at most 63 characters, which is all that Teams takes: shorten the domain, the name or hostnameTemplate',
    },
    {
      what: 'two pods of one name',
      change: { replicas: 2, hostnameTemplate: '{name}' },
      at: 'spec.hostnameTemplate',
      says: 'with more than one replica each pod needs a name of its own: put {ordinal} into hostnameTemplate',
    },
    {
      what: 'fewer addresses than replicas',
      change: { replicas: 2, 'network.addresses': [{ address: '203.0.113.7' }] },
      at: 'spec.network.addresses',
      says: 'addresses must have one entry for each replica, or none at all: add the missing ones or lower replicas',
    },
    {
      what: 'one address twice',
      change: { 'network.addresses': [{ address: '203.0.113.7' }, { address: '203.0.113.7' }] },
      at: 'spec.network.addresses',
      says: 'two entries have the same address: remove one of them',
    },
    {
      what: 'more calls than media ports',
      change: { 'capacity.maxCalls': 1251 },
      at: 'spec.media.portRange',
      says: 'a call takes 4 media ports (two legs, RTP and RTCP): widen media.portRange or lower capacity.maxCalls',
    },
    {
      what: 'a UDP listener in the media range',
      change: { listeners: [teams, { ...pbx, port: 30_100 }] },
      at: 'spec.listeners',
      says: 'a UDP listener stands inside media.portRange, where calls would take its port: move one of the two',
    },
    {
      what: 'the control port in the media range',
      change: { 'media.controlPort': 30_001 },
      at: 'spec.media.controlPort',
      says: 'controlPort is taken by media.portRange or by a UDP listener: choose another port',
    },
    {
      what: 'the HTTP port on a listener',
      change: { 'observability.port': 5061 },
      at: 'spec.observability.port',
      says: 'observability.port is taken by a listener: choose another port',
    },
    {
      what: 'the status port on a listener',
      change: { 'observability.statusPort': 5061 },
      at: 'spec.observability.statusPort',
      says: 'observability.statusPort is taken by a listener: choose another port',
    },
    {
      what: 'one port for HTTP and for the status',
      change: { 'observability.statusPort': 8080 },
      at: 'spec.observability.statusPort',
      says: 'observability.port and observability.statusPort are the same: choose another port for one of them',
    },
    {
      what: 'annotations of Services that there are not',
      change: { 'network.serviceAnnotations': { 'example.com/a': 'b' } },
      at: 'spec.network.serviceAnnotations',
      says: 'serviceAnnotations stand on Services of type LoadBalancer: set network.mode to LoadBalancerPerPod or remove them',
    },
    {
      what: 'usages of a certificate that is there already',
      change: { 'tls.usages': ['server auth'] },
      at: 'spec.tls.usages',
      says: 'usages are asked of an issuer, a Secret has what it has: remove usages, or name an issuerRef',
    },
    {
      what: 'a certificate for clients alone',
      change: { tls: { issuerRef: { name: 'letsencrypt' }, usages: ['client auth'] } },
      at: 'spec.tls.usages',
      says: 'Microsoft refuses a certificate that is not for servers: add server auth to usages',
    },
    {
      what: 'one usage twice',
      change: { tls: { issuerRef: { name: 'letsencrypt' }, usages: ['server auth', 'server auth'] } },
      at: 'spec.tls.usages',
      says: 'two entries have the same value: remove one of them',
    },
    {
      what: 'an annotation of no legal name',
      change: { 'podTemplate.annotations': { 'a b': 'c' } },
      at: 'spec.podTemplate.annotations',
      says: keyName,
    },
    {
      what: 'an order to the operator for every pod',
      change: { 'podTemplate.annotations': { 'teams-sbc.dev/end-calls': 'now' } },
      at: 'spec.podTemplate.annotations',
      says: noOrders,
    },
    {
      what: 'a node label of no legal name',
      change: { 'podTemplate.nodeSelector': { '/zone': 'a' } },
      at: 'spec.podTemplate.nodeSelector',
      says: keyName,
    },
    {
      what: 'an annotation of a Service of no legal name',
      change: { 'network.mode': 'LoadBalancerPerPod', 'network.serviceAnnotations': { 'a/b/c': 'd' } },
      at: 'spec.network.serviceAnnotations',
      says: keyName,
    },
    {
      what: 'an order to the operator on every Service',
      change: {
        'network.mode': 'LoadBalancerPerPod',
        'network.serviceAnnotations': { 'teams-sbc.dev/end-calls': 'now' },
      },
      at: 'spec.network.serviceAnnotations',
      says: noOrders,
    },
    {
      what: 'a toleration of nothing',
      change: { 'podTemplate.tolerations': [{ effect: 'NoSchedule' }] },
      at: 'spec.podTemplate.tolerations[0].operator',
      says: 'a toleration without a key tolerates every taint: set operator to Exists, or name the key',
    },
    {
      what: 'a toleration of every value, and of one',
      change: { 'podTemplate.tolerations': [{ key: 'sip', operator: 'Exists', value: 'yes' }] },
      at: 'spec.podTemplate.tolerations[0].value',
      says: 'operator Exists looks at no value: remove value, or set operator to Equal',
    },
    {
      what: 'a toleration for a while of what does not evict',
      change: { 'podTemplate.tolerations': [{ key: 'sip', effect: 'NoSchedule', tolerationSeconds: 5 }] },
      at: 'spec.podTemplate.tolerations[0].tolerationSeconds',
      says: 'tolerationSeconds counts with effect NoExecute alone: set it, or remove tolerationSeconds',
    },
    {
      what: 'a domain of Microsoft',
      change: { domain: 'contoso.onmicrosoft.com' },
      at: 'spec.domain',
      says: 'Teams refuses names under onmicrosoft.com: use a domain that is verified in the tenant',
    },
    {
      what: 'a template with {ordinal} twice',
      change: { hostnameTemplate: '{ordinal}-{ordinal}' },
      at: 'spec.hostnameTemplate',
      says: '{name} and {ordinal} may each stand there once: remove the second one',
    },
    {
      what: 'TLS for Teams and TCP for the PBX on one port',
      change: { listeners: [teams, { ...pbx, transport: 'TCP', port: 5061 }] },
      at: 'spec.listeners',
      says: 'two listeners share a port: give each its own (UDP counts apart, TCP and TLS count together)',
    },
    {
      what: 'a listener for Teams over TCP',
      change: { listeners: [{ ...teams, transport: 'TCP' }] },
      at: 'spec.listeners[0].transport',
      says: 'a listener for TeamsTrunk is TLS, because Teams speaks nothing else: set transport to TLS',
    },
    {
      what: 'a Secret and an issuer',
      change: { 'tls.issuerRef': { name: 'letsencrypt' } },
      at: 'spec.tls',
      says: 'name either a Secret (secretRef) or a cert-manager issuer (issuerRef), exactly one of the two',
    },
    {
      what: 'neither a Secret nor an issuer',
      change: { tls: {} },
      at: 'spec.tls',
      says: 'name either a Secret (secretRef) or a cert-manager issuer (issuerRef), exactly one of the two',
    },
    {
      what: 'a media range that begins with an odd port',
      change: { 'media.portRange': { start: 30_001, end: 34_999 } },
      at: 'spec.media.portRange.start',
      says: 'start must be an even number, because RTP uses even ports and RTCP the port above (RFC 3550)',
    },
    {
      what: 'a media range that ends before it begins',
      change: { 'media.portRange': { start: 30_000, end: 29_999 } },
      at: 'spec.media.portRange.end',
      says: 'end must be greater than start',
    },
  ],
  shown: {
    status: {
      replicas: 1,
      readyReplicas: 1,
      selector: 'app.kubernetes.io/instance=shown',
      addresses: [
        { pod: 'shown-0', fqdn: 'shown-0.voice.example.com', address: '203.0.113.7', source: 'NodeExternalIP' },
      ],
      addressList: '203.0.113.7',
      certificate: { secretName: 'sbc-tls', notAfter: '2027-01-01T00:00:00Z', dnsNames: ['shown-0.voice.example.com'] },
      routing: { hash: 'sha256:0', shards: 1, podsInSync: 1 },
      conditions: conditions('SbcInstance'),
    },
    header: 'NAME REPLICAS READY PODS DOMAIN ADDRESS CERTIFICATE UNTIL PROGRAMMED READY',
    row: 'shown 1 1 voice.example.com 203.0.113.7 2027-01-01T00:00:00Z True True',
  },
};
