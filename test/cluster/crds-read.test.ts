import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { conditionsOf } from '../../crds/src/v1alpha1/conditions.ts';
import { conditions } from './crds/kind-cases.ts';
import { customKinds, fieldsOf, manifest } from './crds/all-cases.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';

type ConditionedKind = keyof typeof conditionsOf;

let cluster: ControlPlane;
before(async () => {
  cluster = await startControlPlane({ name: 'crds-read' });
});
after(() => cluster.stop());

const mergePatch = 'application/merge-patch+json';
/** Columns are as wide as their longest value. */
const narrow = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).join(' '));

for (const { kind, plural, shortName, path, schema, cases } of customKinds) {
  describe(kind, () => {
    test('a new object begins at generation 1; a status comes through its subresource and does not move it', async () => {
      const created = await cluster.api.send('POST', path, {
        body: { ...manifest(kind, cases.minimal, 'shown'), status: { observedGeneration: 7 } },
      });
      assert.equal(created.status, 201, created.body.message);
      assert.equal(created.body.status.observedGeneration, undefined);
      const first = (created.body.status.conditions as { type: string; status: string }[]).map(({ type, status }) => [
        type,
        status,
      ]);
      assert.deepEqual(
        first,
        conditions(kind as ConditionedKind).map(({ type }) => [type, 'Unknown']),
      );
      const body = { status: cases.shown.status, spec: { sbcRef: { name: 'other' } } };
      const written = await cluster.api.send('PATCH', `${path}/shown/status`, { contentType: mergePatch, body });
      assert.equal(written.status, 200, written.body.message);
      assert.equal(written.body.metadata.generation, 1);
      assert.deepEqual(written.body.spec, cases.filledIn);
      assert.deepEqual(written.body.status.conditions, cases.shown.status['conditions']);
    });

    test(`kubectl get ${shortName} shows: ${cases.shown.header}`, async () => {
      const [header = '', row = ''] = narrow(await cluster.kubectl('get', shortName, 'shown'));
      assert.equal(header, `${cases.shown.header} AGE`);
      assert.equal(row.replace(/ [^ ]+$/, ''), cases.shown.row);
    });

    test('kubectl explain says what every field is for', async () => {
      const find = async () => {
        const { body } = await cluster.api.get('/openapi/v3/apis/teams-sbc.dev/v1alpha1');
        return Object.values(body.components.schemas as Record<string, Record<string, unknown>>).find(
          ({ 'x-kubernetes-group-version-kind': kinds }) =>
            (kinds as { kind: string }[] | undefined)?.[0]?.kind === kind,
        );
      };
      // The aggregator looks every second.
      const published = await until(find, { what: `${kind} in OpenAPI v3` });
      const silent = fieldsOf(published, '').filter(({ path: field, schema: { description = '' } }) => {
        // The words for metadata are Kubernetes' own; an entry of a list is described with the list.
        return !field.startsWith('metadata') && !field.endsWith('[]') && description.trim() === '';
      });
      assert.deepEqual(
        silent.map(({ path: field }) => field),
        [],
      );
      assert.match(await cluster.kubectl('explain', `${plural}.spec`), /DESCRIPTION:\n {4}\S+/);
      assert.ok(fieldsOf(published, '').length >= fieldsOf(schema, '').length);
    });
  });
}

test('kubectl get sbc shows every kind of the category', async () => {
  const names = (await cluster.kubectl('get', 'sbc', '-o', 'name')).trimEnd().split('\n');
  const expected = customKinds.map(({ kind }) => `${kind.toLowerCase()}.teams-sbc.dev/shown`);
  assert.deepEqual(names.toSorted(), expected.toSorted());
});

test('kubectl scale sets the replicas of an SbcInstance', async () => {
  await cluster.kubectl('scale', 'sbci/shown', '--replicas=2');
  assert.equal(
    await cluster.kubectl('get', 'sbci', 'shown', '-o', 'jsonpath={.spec.replicas} {.metadata.generation}'),
    '2 2',
  );
});

test('kubectl wait follows a condition, and not one of an older generation', async () => {
  await cluster.kubectl('wait', '--for=condition=Ready', '--timeout=5s', 'nump/shown');
  // Scaled above, and nobody has looked at it since.
  const waiting = cluster.kubectl('wait', '--for=condition=Ready', '--timeout=1s', 'sbci/shown');
  await assert.rejects(waiting, /timed out/);
});
