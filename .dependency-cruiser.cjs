// Who may import whom. What is not listed is forbidden: `allowed` with severity error. Type-only imports count.
// The table in words: docs/architecture.md.
const runtimeRooms = {
  kernel: [],
  sip: [],
  sdp: [],
  transport: ['kernel', 'sip'],
  transaction: ['kernel', 'sip', 'transport'],
  dialog: ['kernel', 'sip', 'sdp', 'transaction'],
  probing: ['kernel', 'sip', 'transaction'],
  routing: ['sip', 'CRDS'],
  media: ['kernel', 'sdp'],
  peers: ['sip', 'sdp', 'CRDS'],
  b2bua: ['kernel', 'sip', 'sdp', 'dialog', 'routing', 'peers'],
  settings: ['kernel', 'CRDS'],
  kube: ['kernel', 'CRDS'],
  observability: ['kernel'],
  journal: ['kernel'],
};
/**
 * The operator. Data flows kube → watch → queue → frame → a kind's controller; the pure rooms know of Kubernetes the shape of an
 * object alone (KUBE-OBJECT). A kind's folder is composed in cluster/, local/ runs the same plan without a cluster.
 */
const operatorRooms = {
  kernel: [],
  kube: ['kernel'],
  watch: ['kernel', 'kube'],
  queue: ['kernel'],
  lead: ['kernel', 'kube'],
  frame: ['kernel', 'kube', 'watch', 'queue', 'lead'],
  compile: ['CRDS'],
  objects: ['compile', 'KUBE-OBJECT', 'CRDS'],
  plan: ['compile', 'objects', 'status', 'KUBE-OBJECT', 'CRDS'],
  status: ['plan', 'compile', 'objects', 'KUBE-OBJECT', 'CRDS'],
  apply: ['kernel', 'kube', 'status', 'CRDS'],
  references: ['kernel', 'kube', 'CRDS'],
  report: ['kernel', 'objects', 'CRDS'],
  observe: ['kube', 'watch', 'references', 'report', 'compile', 'objects', 'plan', 'status', 'CRDS'],
  member: ['kernel', 'kube', 'watch', 'frame', 'apply', 'observe', 'compile', 'status', 'CRDS'],
  'teams-trunk': ['member', 'observe', 'status', 'compile', 'CRDS'],
  'pbx-trunk': ['member', 'observe', 'status', 'compile', 'CRDS'],
  'call-route': ['member', 'observe', 'status', 'compile', 'CRDS'],
  'number-policy': ['member', 'observe', 'status', 'compile', 'CRDS'],
  'sbc-instance': [
    ...['kernel', 'kube', 'watch', 'frame', 'apply', 'references', 'report', 'observe'],
    ...['compile', 'objects', 'plan', 'status', 'CRDS'],
  ],
  local: ['kernel', 'compile', 'objects', 'plan', 'CRDS'],
};
const crds = ['^crds/src/', '^@teams-sbc/crds'];
const outside = '^(node:|node_modules/)';
const thirdParty = {
  peers: '^node_modules/libphonenumber-js/',
  observability: '^node_modules/(winston|prom-client|logform|winston-transport)/',
};

const operatorThirdParty = {
  kube: '^node_modules/@kubernetes/',
  frame: '^node_modules/(@dot-i/k8s-operator|winston|prom-client)/',
  plan: '^node_modules/@peculiar/x509/',
  'sbc-instance': '^node_modules/(@peculiar/x509|reflect-metadata)/',
  objects: '^node_modules/@kubernetes/',
  local: '^node_modules/yaml/',
};
const operatorPath = { 'KUBE-OBJECT': ['^operator/src/kube/kube-object\\.ts$'], CRDS: crds };

const operatorRoom = ([name, below]) => ({
  from: { path: `^operator/src/${name}/` },
  to: {
    path: [
      `^operator/src/${name}/`,
      ...below.flatMap((other) => operatorPath[other] ?? [`^operator/src/${other}/`]),
      ...(operatorThirdParty[name] ? [operatorThirdParty[name]] : []),
    ],
  },
});

const room = ([name, below]) => ({
  from: { path: `^sbc-runtime/src/${name}/` },
  to: {
    path: [
      `^sbc-runtime/src/${name}/`,
      ...below.filter((other) => other !== 'CRDS').map((other) => `^sbc-runtime/src/${other}/`),
      ...(below.includes('CRDS') ? ['^crds/src/(runtime/|index)'] : []),
      ...(thirdParty[name] ? [thirdParty[name]] : []),
    ],
  },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'operator-and-runtime-never-meet',
      severity: 'error',
      from: { path: '^(operator|sbc-runtime)/' },
      to: { path: '^(operator|sbc-runtime)/', pathNot: '^$1/' },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      comment:
        'sip, sdp, routing, peers, plan, compile, objects, status and every pure machine stay free of sockets, files, clocks and randomness',
      from: {
        path: '^(sbc-runtime/src/(sip|sdp|routing|peers)/|operator/src/(plan|compile|objects|status)/)',
        pathNot: '\\.test\\.ts$',
      },
      to: {
        path: '^(node:)?(net|tls|dgram|fs|dns|http|https|timers|child_process|os|process)(/|$)',
        dependencyTypes: ['core'],
      },
    },
  ],
  allowed: [
    ...Object.entries(runtimeRooms).map(room),
    { from: { path: '^sbc-runtime/src/b2bua/' }, to: { path: '^sbc-runtime/src/media/media-relay\\.ts$' } },
    { from: { path: '^sbc-runtime/src/[^/]+\\.ts$' }, to: { path: ['^sbc-runtime/src/', ...crds] } },
    { from: { path: '^crds/' }, to: { path: ['^crds/', '^node_modules/(zod|yaml)/'] } },
    ...Object.entries(operatorRooms).map(operatorRoom),
    // Programs are put together here: a process with a cluster, one without.
    {
      from: { path: '^operator/src/(cluster/|[^/]+\\.ts$)' },
      to: { path: ['^operator/src/', ...crds, '^node_modules/(@dot-i/k8s-operator|@kubernetes|yaml)/'] },
    },
    { from: { path: '^operator/test/' }, to: { path: ['^operator/', ...crds, '^node_modules/(yaml|@peculiar)/'] } },
    {
      from: { path: '^operator/src/.*\\.test\\.ts$' },
      to: { path: ['^operator/(src|test)/', ...crds, '^node_modules/(@peculiar|reflect-metadata)/'] },
    },
    { from: { path: '\\.test\\.ts$' }, to: { path: '^node_modules/(fast-check|sip|yaml)/' } },
    // A room's tests may use the test kit's virtual clock and the rooms they stand on.
    { from: { path: '^sbc-runtime/src/.*\\.test\\.ts$' }, to: { path: '^sbc-runtime/src/kernel/' } },
    { from: { path: '^(test|scripts)/' }, to: {} },
    { from: {}, to: { dependencyTypes: ['core'] } },
  ],
  allowedSeverity: 'error',
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(generated|work)/|\\.mjs$' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
