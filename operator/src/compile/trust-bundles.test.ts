import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance, aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { compile } from './compile.ts';

const ca = (name: string) => ({ tls: { trust: { caBundleRef: { kind: 'ConfigMap', name, key: 'ca.crt' } } } });

test('of more CA bundles than a document holds those of the youngest trunks are left out, and all else is served', () => {
  const trunks = Array.from({ length: 66 }, (_, index) =>
    aTeamsTrunk(
      { ...ca(`ca-${String(index)}`), subdomain: `c${String(index)}` },
      { name: `teams-${String(index)}`, creationTimestamp: new Date(1e12 - index * 1000).toISOString() },
    ),
  );
  const { state, problems } = compile(anInstance(), { teamsTrunks: trunks, pbxTrunks: [aPbxTrunk()] });
  assert.deepEqual([state?.trunks.length, state?.trustBundles.length], [65, 64]);
  assert.deepEqual(
    problems.map(({ object, reason, field, blocking }) => [object.name, reason, field, blocking]),
    ['teams-1', 'teams-0'].map((name) => [name, 'TooMany', 'spec.tls.trust.caBundleRef', false]),
  );
});
