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
  observability: ['kernel'],
};
const crds = ['^crds/src/', '^@teams-sbc/crds'];
const outside = '^(node:|node_modules/)';
const thirdParty = {
  peers: '^node_modules/libphonenumber-js/',
  observability: '^node_modules/(winston|prom-client|logform|winston-transport)/',
};

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
      comment: 'sip, sdp, routing, peers and every pure machine stay free of sockets, files, clocks and randomness',
      from: {
        path: '^(sbc-runtime/src/(sip|sdp|routing|peers)/|operator/src/(plan|compile|objects)/)',
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
    { from: { path: '^operator/' }, to: { path: ['^operator/', ...crds, '^node_modules/(yaml|@kubernetes)/'] } },
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
