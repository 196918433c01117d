/** A StatefulSet that somebody edits for a moment: it is mended, and no pod pays for it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { LoopbackApiServer } from '../../test/api-server/loopback-api-server.ts';
import { certificate, key as privateKey } from '../../test/certificates.ts';
import { anInstance } from '../../test/manifests.ts';
import { World } from '../../test/world.ts';
import { answer, hashIn, podObject } from '../../test/world-objects.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { resources } from '../kube/resource.ts';

interface StatefulSet extends KubeObject {
  spec: { template: { spec: { containers: { name: string; image: string }[] } } };
}

let server: LoopbackApiServer;
let world: World;
beforeEach(async () => {
  server = await LoopbackApiServer.start();
  world = new World(server);
  server.put(structuredClone(anInstance({}, { namespace: 'default' })) as unknown as KubeObject);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey) };
  put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sbc-tls', namespace: 'default' }, data });
  const pod = server.put(podObject(0));
  await world.settle();
  put({ ...set(), status: { observedGeneration: generation(), updateRevision: 'v1' } });
  const hash = hashIn(server.get(resources.configMaps, 'default', 'sbc-routing'));
  world.answers.set('sbc-0', answer(pod, hash));
  await world.settle();
});
afterEach(async () => {
  world.close();
  await server.close();
});

const set = () => structuredClone(server.get(resources.statefulSets, 'default', 'sbc')) as StatefulSet;
const generation = () => set().metadata.generation;
const put = (object: object) => server.put(object as KubeObject);
const podsEnded = () => server.count({ method: 'DELETE', resource: 'pods' });
const image = () => set().spec.template.spec.containers[0]?.image;

test('is as it was within one look, and no pod is replaced for the template of a moment', async () => {
  const wanted = image();
  const edited = set();
  const [container] = edited.spec.template.spec.containers;
  if (container !== undefined) container.image = 'nonsense:1';
  put(edited);
  // The StatefulSet controller was quicker than we, and our cache is behind what we write now.
  put({ ...set(), status: { observedGeneration: generation(), updateRevision: 'nonsense' } });
  world.behind.set('StatefulSet sbc', set());
  await world.look();
  await world.look();
  assert.equal(image(), wanted);
  assert.ok(world.events.includes('ChildRepaired'));
  assert.equal(podsEnded(), 0);
  world.behind.clear();
  put({ ...set(), status: { observedGeneration: generation(), updateRevision: 'v1' } });
  await world.settle();
  assert.equal(podsEnded(), 0);
});

test('a template of ours that is new is rolled out when the cache has it', async () => {
  put(anInstance({ podTemplate: { annotations: { restarted: 'today' } } }, { namespace: 'default' }));
  const before = set();
  world.behind.set('StatefulSet sbc', before);
  await world.look();
  put({ ...set(), status: { observedGeneration: generation(), updateRevision: 'v2' } });
  await world.look();
  assert.equal(podsEnded(), 0);
  world.behind.clear();
  await world.look();
  assert.equal(podsEnded(), 1);
});
