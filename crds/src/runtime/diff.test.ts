import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffRoutingState, type Section, type SectionChange } from './diff.ts';
import type { RoutingState } from './document.ts';
import { samplePbxTrunk, sampleState, sampleTeamsTrunk } from './sample-state.ts';

const [teamsListener, pbxListener] = sampleState.listeners as [
  RoutingState['listeners'][0],
  RoutingState['listeners'][0],
];

const cases: Record<string, { change: Partial<RoutingState>; section?: Section; is: SectionChange }> = {
  'nothing at all': { change: {}, is: 'none' },
  'another namespace': {
    change: { instance: { namespace: 'other', name: 'sbc' } },
    section: 'instance',
    is: 'restart',
  },
  'a pod less': { change: { pods: sampleState.pods.slice(0, 1) }, section: 'pods', is: 'reconcile' },
  'a listener more': {
    change: {
      listeners: [...sampleState.listeners, { name: 'pbx-tcp', serves: 'PbxTrunk', protocol: 'TCP', port: 5060 }],
    },
    section: 'listeners',
    is: 'reconcile',
  },
  'a listener less': { change: { listeners: [teamsListener] }, section: 'listeners', is: 'restart' },
  'a listener on another port': {
    change: { listeners: [{ ...teamsListener, port: 5067 }, pbxListener] },
    section: 'listeners',
    is: 'restart',
  },
  'another Secret': {
    change: { certificates: [{ name: 'sbc-tls', secret: 'new' }] },
    section: 'certificates',
    is: 'reconcile',
  },
  'another root': {
    change: { trustBundles: [{ name: 'microsoft-teams', source: { kind: 'Secret', name: 'ca', key: 'ca.crt' } }] },
    section: 'trustBundles',
    is: 'reconcile',
  },
  'a trunk less': { change: { trunks: [sampleTeamsTrunk] }, section: 'trunks', is: 'reconcile' },
  'no routes': { change: { routes: [] }, section: 'routes', is: 'reconcile' },
  'another media engine': { change: { media: { engine: 'None' } }, section: 'media', is: 'restart' },
  'another limit': { change: { limits: { maxCalls: 1, maxCallsPerSecond: 1 } }, section: 'limits', is: 'reconcile' },
  'another ring timeout': { change: { calls: { ringTimeoutSeconds: 60 } }, section: 'calls', is: 'reconcile' },
  'another drain timeout': { change: { drain: { timeoutSeconds: 60 } }, section: 'drain', is: 'reconcile' },
  'another log level': { change: { logLevel: 'Debug' }, section: 'logLevel', is: 'reconcile' },
};

for (const [name, { change, section, is }] of Object.entries(cases)) {
  test(`${name}: ${is}`, () => {
    const { sections, overall } = diffRoutingState(sampleState, { ...sampleState, ...change });
    assert.equal(overall, is);
    const changed = Object.entries(sections).filter(([, what]) => what !== 'none');
    assert.deepEqual(changed, section === undefined ? [] : [[section, is]]);
  });
}

test('the gravest change of several counts', () => {
  const next: RoutingState = { ...sampleState, logLevel: 'Debug', media: { engine: 'None' } };
  assert.equal(diffRoutingState(sampleState, next).overall, 'restart');
});

test('trunks and listeners are told apart by name: added, removed, changed', () => {
  const next: RoutingState = {
    ...sampleState,
    trunks: [
      { ...sampleTeamsTrunk, codecs: ['PCMA'] },
      { ...samplePbxTrunk, name: 'carrier' },
    ],
    listeners: [pbxListener, { ...teamsListener, name: 'other' }],
  };
  const { trunks, listeners } = diffRoutingState(sampleState, next);
  assert.deepEqual(trunks, { added: ['carrier'], removed: ['pbx'], changed: ['teams'] });
  assert.deepEqual(listeners, { added: ['other'], removed: ['teams-tls'], changed: [] });
});
