import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldersOf, wantedObjects } from './wanted-objects.ts';

const state = {
  certificates: [{ name: 'sbc', secret: 'sbc-tls' }],
  trustBundles: [
    { name: 'microsoft', source: { preset: 'MicrosoftTeams' } },
    { name: 'own', source: { kind: 'ConfigMap', name: 'roots', key: 'a.pem' } },
    { name: 'other', source: { kind: 'Secret', name: 'sbc-tls', key: 'ca.crt' } },
  ],
  trunks: [{ kind: 'TeamsTrunk' }, { kind: 'PbxTrunk', auth: { secret: 'login' } }],
};

test('certificates, bundles and logins are wanted, each object once', () => {
  assert.deepEqual(
    [...wantedObjects(state)],
    [
      [
        'Secret/sbc-tls',
        { kind: 'Secret', name: 'sbc-tls', isSecretFolder: true, bundles: [{ name: 'other', key: 'ca.crt' }] },
      ],
      [
        'ConfigMap/roots',
        { kind: 'ConfigMap', name: 'roots', isSecretFolder: false, bundles: [{ name: 'own', key: 'a.pem' }] },
      ],
      ['Secret/login', { kind: 'Secret', name: 'login', isSecretFolder: true, bundles: [] }],
    ],
  );
});

test('a Secret becomes the files that the runtime reads, and no more; a bundle becomes ca.crt', () => {
  const wanted = wantedObjects(state).get('Secret/sbc-tls');
  const data = new Map(['tls.crt', 'tls.key', 'ca.crt', 'keystore.p12'].map((key) => [key, Buffer.from(key)]));
  assert.deepEqual(
    foldersOf(wanted ?? assert.fail('not wanted'), { version: '1', data }).map(({ below, name, files }) => [
      `${below}/${name}`,
      [...files].map(([file, content]) => `${file}=${content.toString()}`),
    ]),
    [
      ['secrets/sbc-tls', ['tls.crt=tls.crt', 'tls.key=tls.key']],
      ['trust/other', ['ca.crt=ca.crt']],
    ],
  );
});

test('a name that leads out of the folder is not wanted', () => {
  const secret = (name: string) => wantedObjects({ certificates: [{ secret: name }] }).size;
  assert.deepEqual(['..', '../etc', 'a/b', '.a', ''].map(secret), [0, 0, 0, 0, 0]);
  assert.equal(
    wantedObjects({ trustBundles: [{ name: '..', source: { kind: 'Secret', name: 'a', key: 'b' } }] }).size,
    0,
  );
});

test('a document of any form is looked through without a throw', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.ok(wantedObjects(value).size >= 0)));
  assert.equal(wantedObjects({ certificates: [null, 1], trunks: {}, trustBundles: [{ source: null }] }).size, 0);
});
