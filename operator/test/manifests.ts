/** Manifests for tests: the least that is valid, plus what a test is about. */
import { parseManifest } from '@teams-sbc/crds';
import type { CallRoute, NumberPolicy, PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';

const apiVersion = 'teams-sbc.dev/v1alpha1';
type Fields = Readonly<Record<string, unknown>>;

export function anInstance(spec: Fields = {}, metadata: Fields = {}): SbcInstance {
  return parsed('SbcInstance', {
    metadata: { name: 'sbc', ...metadata },
    spec: { domain: 'voice.example.com', tls: { secretRef: { name: 'sbc-tls' } }, ...spec },
  }) as SbcInstance;
}

export function aTeamsTrunk(spec: Fields = {}, metadata: Fields = {}): TeamsTrunk {
  return parsed('TeamsTrunk', {
    metadata: { name: 'teams', ...metadata },
    spec: { sbcRef: { name: 'sbc' }, ...spec },
  }) as TeamsTrunk;
}

export function aPbxTrunk(spec: Fields = {}, metadata: Fields = {}): PbxTrunk {
  return parsed('PbxTrunk', {
    metadata: { name: 'pbx', ...metadata },
    spec: { sbcRef: { name: 'sbc' }, peers: [{ name: 'a', host: '10.20.0.10' }], ...spec },
  }) as PbxTrunk;
}

export function aCallRoute(spec: Fields = {}, metadata: Fields = {}): CallRoute {
  return parsed('CallRoute', {
    metadata: { name: 'route', ...metadata },
    spec: { sbcRef: { name: 'sbc' }, destinations: [{ kind: 'PbxTrunk', name: 'pbx' }], ...spec },
  }) as CallRoute;
}

export function aNumberPolicy(spec: Fields = {}, metadata: Fields = {}): NumberPolicy {
  return parsed('NumberPolicy', {
    metadata: { name: 'policy', ...metadata },
    spec: {
      sbcRef: { name: 'sbc' },
      rules: [{ name: 'national', pattern: '0(.*)', replacement: '+49$1' }],
      ...spec,
    },
  }) as NumberPolicy;
}

function parsed(kind: string, manifest: Fields): SbcInstance | TeamsTrunk | PbxTrunk | CallRoute | NumberPolicy {
  const outcome = parseManifest({ apiVersion, kind, ...manifest });
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.object;
}
