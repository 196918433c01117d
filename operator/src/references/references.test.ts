import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aPbxTrunk, aTeamsTrunk } from '../../test/manifests.ts';
import { certificate } from '../../test/certificates.ts';
import { silentLog } from '../kernel/log.ts';
import { VirtualClock } from '../kernel/virtual-clock.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { ReferenceCache } from './reference-cache.ts';
import type { ReferencePlace } from './referenced.ts';
import { placeText, referenced } from './referenced.ts';
import { referenceFault, referencesOf } from './resolve-references.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (name: string, data: Record<string, string>, version = '1'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default', uid: name, resourceVersion: version },
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, base64(text)])),
});
const bundle = { tls: { trust: { caBundleRef: { kind: 'ConfigMap', name: 'ca', key: 'ca.crt' } } } };
const configMap = (data: Record<string, string>): KubeObject => ({ ...secret('ca', {}), kind: 'ConfigMap', data });

const login = aPbxTrunk({ auth: { secretRef: { name: 'login' } } });
for (const [name, trunk, object, reason] of [
  ['a login that is there', login, secret('login', { username: 'u', password: 'p' }), undefined],
  ['no Secret', login, undefined, 'SecretNotFound'],
  ['an empty password', login, secret('login', { username: 'u', password: '' }), 'InvalidCredentials'],
  ['a bundle that is there', aTeamsTrunk(bundle), configMap({ 'ca.crt': certificate }), undefined],
  ['no ConfigMap', aTeamsTrunk(bundle), undefined, 'ConfigMapNotFound'],
  ['a bundle under another key', aTeamsTrunk(bundle), configMap({ 'root.pem': certificate }), 'KeyNotFound'],
  ['a bundle without a certificate', aTeamsTrunk(bundle), configMap({ 'ca.crt': 'hello' }), 'InvalidTrustBundle'],
  [
    'a bundle with one that is cut',
    aTeamsTrunk(bundle),
    configMap({ 'ca.crt': `${certificate}${certificate.slice(0, 300)}` }),
    'InvalidTrustBundle',
  ],
  ['Microsoft’s own roots', aTeamsTrunk(), undefined, undefined],
] as const) {
  test(`a trunk with ${name}: ${reason ?? 'nothing is wrong'}`, () => {
    const references = referencesOf(trunk);
    const known = new Map(references.map(({ place }) => [placeText(place), object && referenced(object)]));
    assert.equal(referenceFault(references, known)?.reason, reason);
  });
}

test('of a login nothing is kept but that it is there', () => {
  const kept = referenced(secret('login', { username: 'alice', password: 'hunter' }));
  assert.deepEqual(kept.keys, ['password', 'username']);
  assert.ok(!JSON.stringify([kept, [...kept.texts]]).match(/alice|hunter/));
});

class Cluster {
  readonly clock = new VirtualClock();
  readonly objects = new Map<string, KubeObject>();
  readonly changes: string[] = [];
  gets = 0;
  isAway = false;
  readonly cache = new ReferenceCache({
    kube: {
      get: (_resource, { name }) => {
        this.gets++;
        return this.isAway ? Promise.reject(new Error('away')) : Promise.resolve(this.objects.get(name));
      },
    },
    clock: this.clock,
    log: silentLog,
    changed: (user) => void this.changes.push(user),
  });

  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1000);
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    }
  }
}

const place = (name: string): ReferencePlace => ({ kind: 'Secret', namespace: 'default', name });

test('what is known is not read again at each look, and a change is noticed within half a minute', async () => {
  const cluster = new Cluster();
  cluster.objects.set('login', secret('login', { username: 'u' }));
  await cluster.cache.use('default/sbc', [place('login')]);
  await cluster.cache.use('default/sbc', [place('login')]);
  assert.equal(cluster.gets, 1);
  await cluster.pass(60);
  assert.deepEqual(cluster.changes, []);
  cluster.objects.set('login', secret('login', { username: 'other' }, '2'));
  await cluster.pass(31);
  assert.deepEqual(cluster.changes, ['default/sbc']);
});

test('what is missing is noticed two seconds after it came, by all who name it', async () => {
  const cluster = new Cluster();
  assert.equal((await cluster.cache.use('a', [place('login')])).get(placeText(place('login'))), undefined);
  await cluster.cache.use('b', [place('login')]);
  cluster.objects.set('login', secret('login', { username: 'u' }));
  await cluster.pass(3);
  assert.deepEqual(cluster.changes.toSorted(), ['a', 'b']);
});

test('two thousand names are asked for at ten a second and no faster', async () => {
  const cluster = new Cluster();
  const places = Array.from({ length: 2000 }, (_, index) => place(`login-${String(index)}`));
  for (const { name } of places) cluster.objects.set(name, secret(name, { username: 'u' }));
  await cluster.cache.use('default/sbc', places);
  const first = cluster.gets;
  assert.equal(first, 2000);
  await cluster.pass(100);
  assert.ok(cluster.gets - 2000 <= 1000 && cluster.gets > 2500, String(cluster.gets));
});

test('what nobody names any more is forgotten, and an API server that is away changes nothing', async () => {
  const cluster = new Cluster();
  cluster.objects.set('login', secret('login', { username: 'u' }));
  await cluster.cache.use('default/sbc', [place('login')]);
  cluster.isAway = true;
  await cluster.pass(120);
  assert.deepEqual(cluster.changes, []);
  cluster.cache.forget('default/sbc');
  assert.equal(cluster.cache.size, 0);
});

test('two who learn of the same Secret at once are both told when it changes', async () => {
  const cluster = new Cluster();
  cluster.objects.set('login', secret('login', { username: 'u' }));
  await Promise.all(['a', 'b'].map((user) => cluster.cache.use(user, [place('login')])));
  cluster.objects.set('login', secret('login', { username: 'other' }, '2'));
  await cluster.pass(31);
  assert.deepEqual(cluster.changes.toSorted(), ['a', 'b']);
});

test('what another user lets go of while one still reads the rest is there, and goes on to be watched', async () => {
  const cluster = new Cluster();
  for (const name of ['login', 'ca']) cluster.objects.set(name, secret(name, { username: 'u' }));
  await cluster.cache.use('a', [place('login')]);
  const looking = cluster.cache.use('b', [place('login'), place('ca')]);
  cluster.cache.forget('a');
  assert.notEqual((await looking).get(placeText(place('login'))), undefined);
  cluster.objects.set('login', secret('login', { username: 'other' }, '2'));
  await cluster.pass(31);
  assert.deepEqual(cluster.changes, ['b']);
});

test('who names a Secret is not told which keys it has', () => {
  const references = referencesOf(login);
  const known = new Map(
    references.map(({ place }) => [placeText(place), referenced(secret('login', { hidden: 'x' }))]),
  );
  const { message = '' } = referenceFault(references, known) ?? {};
  assert.match(message, /Secret\/login has no username and no password$/);
});
