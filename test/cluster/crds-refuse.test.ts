import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { customKinds, fieldsOf, manifest, type CustomKind } from './crds/all-cases.ts';
import { changed, type Json } from './crds/kind-cases.ts';
import { spoiled } from './crds/spoiled.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'crds-refuse' });
});
after(() => cluster.stop());

interface Cause {
  readonly field: string;
  readonly message: string;
}

async function refusal({ path }: CustomKind, object: Json): Promise<{ message: string; causes: readonly Cause[] }> {
  const { status, body } = await cluster.api.send('POST', path, {
    query: { dryRun: 'All', fieldValidation: 'Strict' },
    body: object,
  });
  assert.ok(status === 422 || status === 400, `accepted with ${status}`);
  return { message: body.message, causes: body.details?.causes ?? [] };
}

for (const custom of customKinds) {
  const { kind, cases, schema } = custom;
  describe(kind, () => {
    for (const { what, name, change, at, says } of cases.refused) {
      test(`refuses ${what}: “${says}”`, async () => {
        const { message, causes } = await refusal(custom, manifest(kind, changed(cases.minimal, change), name));
        const named = causes
          .filter((cause) => cause.message.endsWith(says))
          .map(({ field }) => (field === '<nil>' ? '' : field));
        assert.deepEqual(named, [at], message);
      });
    }

    test('every rule has a case here that shows its sentence', () => {
      const rules = fieldsOf(schema, '').flatMap(({ path, schema: field }) =>
        (field['x-kubernetes-validations'] ?? []).map(({ message = 'no message' }) => ({ path, message })),
      );
      const shown = cases.refused.map(({ at, says }) => ({ path: at.replace(/\[\d+\]/g, '[]'), message: says }));
      const untested = rules.filter(
        ({ path, message }) => !shown.some((each) => each.message === message && each.path.startsWith(path)),
      );
      assert.deepEqual(untested, [], 'add a case to the table in test/cluster/crds');
    });

    test('refuses a field that it does not know, by its name', async () => {
      const { message } = await refusal(custom, manifest(kind, { ...cases.minimal, replicsa: 2 }));
      assert.match(message, /unknown field "spec\.replicsa"/);
    });

    test('refuses values of a wrong type, outside their range or not listed, and names the field', async () => {
      for (const { what, at, spec } of spoiled(custom)) {
        const { message, causes } = await refusal(custom, manifest(kind, spec)).catch((error: unknown) => {
          throw new Error(`${at}: ${what}`, { cause: error });
        });
        assert.ok(
          causes.some(({ field, message: words }) => field.startsWith(at) && words !== ''),
          `${at}: ${what}: ${message}`,
        );
      }
    });
  });
}
