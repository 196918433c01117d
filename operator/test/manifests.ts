/** Manifests for tests: the least that is valid, plus what a test is about. */
import { parseManifest } from '@teams-sbc/crds';
import type { PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';

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

function parsed(kind: string, manifest: Fields): SbcInstance | TeamsTrunk | PbxTrunk {
  const outcome = parseManifest({ apiVersion, kind, ...manifest });
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.object;
}
