import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { customKinds, fieldsOf, manifest } from './crds/all-cases.ts';
import { changed } from './crds/kind-cases.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'crds-accept' });
});
after(() => cluster.stop());

const strictDryRun = { dryRun: 'All', fieldValidation: 'Strict' };

for (const { kind, path, cases, specs, schema } of customKinds) {
  describe(kind, () => {
    test('the least that is accepted gets every default', async () => {
      const { status, body } = await cluster.api.send('POST', path, {
        query: strictDryRun,
        body: manifest(kind, cases.minimal),
      });
      assert.equal(status, 201, body.message);
      assert.deepEqual(body.spec, cases.filledIn);
    });

    for (const { what, change } of cases.accepted) {
      test(`accepts ${what}`, async () => {
        const body = manifest(kind, changed(cases.minimal, change));
        const answer = await cluster.api.send('POST', path, { query: strictDryRun, body });
        assert.equal(answer.status, 201, answer.body.message);
        assert.deepEqual(answer.warnings, []);
      });
    }

    test('accepts the samples', async () => {
      for (const spec of specs) {
        const { status, body } = await cluster.api.send('POST', path, {
          query: strictDryRun,
          body: manifest(kind, spec),
        });
        assert.equal(status, 201, body.message);
      }
    });

    test('accepted manifests show every field that there is', () => {
      const shown = specs.flatMap((spec) => pathsIn(spec, 'spec'));
      const missing = fieldsOf(schema.properties!['spec']!, 'spec').filter(({ path: field }) => !shown.includes(field));
      assert.deepEqual(
        missing.map(({ path: field }) => field),
        [],
        'add them to the table in test/cluster/crds',
      );
    });
  });
}

function pathsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((each) => pathsIn(each, `${path}[]`))];
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([name, inner]) => pathsIn(inner, `${path}.${name}`))];
}
