/** The shortest manifests that are accepted, for tests. */
import type { Kind } from './v1alpha1/kinds.ts';

export const apiVersion = 'teams-sbc.dev/v1alpha1';
/** Their specs. */
export const least = {
  SbcInstance: { domain: 'voice.example.com', tls: { secretRef: { name: 'sbc-tls' } } },
  TeamsTrunk: { sbcRef: { name: 'sbc' } },
  PbxTrunk: { sbcRef: { name: 'sbc' }, peers: [{ name: 'a', host: '10.20.0.10' }] },
  CallRoute: { sbcRef: { name: 'sbc' }, destinations: [{ kind: 'PbxTrunk', name: 'pbx' }] },
  NumberPolicy: { sbcRef: { name: 'sbc' }, rules: [{ name: 'national', pattern: '0(.*)', replacement: '+49$1' }] },
} satisfies Record<Kind, unknown>;

/** With fields of the spec added or replaced. */
export function manifest(kind: Kind, change: object = {}, name = 'sbc'): unknown {
  return { apiVersion, kind, metadata: { name }, spec: { ...least[kind], ...change } };
}
