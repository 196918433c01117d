/** Manifests that the schema lets pass and that cannot work: what they say, that they harm no other, and that they recover by themselves. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { reasons } from '@teams-sbc/crds';
import { installRights, startOperator } from './faults/operators.ts';
import { certificate, numberPolicy, pbxTrunk, sbc, teamsTrunk } from './faults/manifests.ts';
import { conditionIn, Stage, type Plural, type SaidCondition } from './faults/stage.ts';
import type { Said } from './kit/api-client.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { ProcessKubelet } from './kit/process-kubelet.ts';
import { until } from './kit/until.ts';

let cluster: ControlPlane;
let stage: Stage;
before(async () => {
  cluster = await startControlPlane({ name: 'bad-input' });
  await ProcessKubelet.start(cluster, { refreshMs: 500 });
  await installRights(cluster);
  await startOperator(cluster, { name: 'operator-a', host: 50 });
  stage = await Stage.create(cluster, 'voice');
  await stage.apply(sbc(), teamsTrunk('teams'), pbxTrunk('pbx', '10.20.0.10'));
  await stage.runs();
  await stage.says('pbxtrunks', 'pbx', 'Ready', 'True Ready');
  await stage.says('teamstrunks', 'teams', 'Reachable', 'False NoAnswer');
});
after(() => cluster.stop());

const kinds = {
  sbcinstances: 'SbcInstance',
  teamstrunks: 'TeamsTrunk',
  pbxtrunks: 'PbxTrunk',
  numberpolicies: 'NumberPolicy',
} as const;
type Ours = keyof typeof kinds;

/** It says so, in words; the reason is documented, with a remedy; and it is not Ready. */
async function complains(plural: Ours, name: string, type: string, reason: string, words: RegExp): Promise<void> {
  const { message } = await stage.says(plural, name, type, `False ${reason}`);
  assert.match(message, words);
  const catalogue: Readonly<Record<string, Readonly<Record<string, Said>>>> = reasons[kinds[plural]];
  const entry = catalogue[type]?.[reason];
  assert.ok(entry?.remedy, `${type} ${reason} has a remedy in docs/conditions.md`);
  const ready = await until(
    async () => {
      const condition = await stage.condition(plural, name, 'Ready');
      return condition?.status === 'False' && condition;
    },
    { what: `${plural}/${name} not to be ready` },
  );
  assert.ok(catalogue['Ready']?.[ready.reason]?.remedy);
}

/** Whatever `work` does, nobody writes to the trunks that are well, and the instance stays ready. */
async function harmless(work: () => Promise<void>): Promise<void> {
  const versions = async () => {
    const trunks: Said[] = [await stage.get('pbxtrunks', 'pbx'), await stage.get('teamstrunks', 'teams')];
    return trunks.map(({ metadata }) => metadata.resourceVersion as string);
  };
  const before = await versions();
  await work();
  assert.deepEqual(await versions(), before);
  await stage.runs();
  await stage.says('sbcinstances', 'sbc', 'Ready', 'True Ready');
}

/** It is taken up without anybody touching it. */
async function recovers(plural: Ours, name: string): Promise<void> {
  await stage.says(plural, name, 'Programmed', 'True InSync', 45_000);
  assert.equal((await stage.get(plural, name)).metadata.generation, 1);
}

test('a login whose Secret is missing: the trunk says how to create it, and is taken up when it is there', () =>
  harmless(async () => {
    await stage.apply(pbxTrunk('with-login', '10.20.2.1', { auth: { secretRef: { name: 'carrier-login' } } }));
    await complains(
      'pbxtrunks',
      'with-login',
      'ResolvedRefs',
      'SecretNotFound',
      /^spec\.auth\.secretRef\.name: found carrier-login, but namespace voice has no Secret of that name: create it with kubectl create secret generic carrier-login$/,
    );
    await stage.says('pbxtrunks', 'with-login', 'Programmed', 'False NotAccepted');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'carrier-login' } };
    await stage.apply({ ...secret, stringData: { username: 'ada' } });
    await complains(
      'pbxtrunks',
      'with-login',
      'ResolvedRefs',
      'InvalidCredentials',
      /Secret\/carrier-login has no password/,
    );
    await stage.apply({ ...secret, stringData: { username: 'ada', password: 'lovelace' } });
    await recovers('pbxtrunks', 'with-login');
  }));

test('a CA bundle that is missing, or is none: the pods never see it, and the trunk is taken up when it is one', () =>
  harmless(async () => {
    const trust = { caBundleRef: { kind: 'ConfigMap', name: 'pbx-ca', key: 'ca.crt' } };
    await stage.apply(teamsTrunk('with-bundle', { fqdns: ['bundle.voice.example.com'], tls: { trust } }));
    await complains(
      'teamstrunks',
      'with-bundle',
      'ResolvedRefs',
      'ConfigMapNotFound',
      /kubectl create configmap pbx-ca/,
    );
    const bundle = (text: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'pbx-ca' },
      data: { 'ca.crt': text },
    });
    await stage.apply(bundle('-----BEGIN CERTIFICATE-----\nnot one\n-----END CERTIFICATE-----\n'));
    await complains('teamstrunks', 'with-bundle', 'ResolvedRefs', 'InvalidTrustBundle', /it must hold PEM text/);
    await stage.apply(bundle(certificate));
    await recovers('teamstrunks', 'with-bundle');
  }));

test('a number pattern whose work would be too large says what is allowed, and another policy beside it is in force', () =>
  harmless(async () => {
    await stage.apply(numberPolicy('too-large', '(.{1,60}){1,60}'), numberPolicy('fine', '0(.*)'));
    await complains(
      'numberpolicies',
      'too-large',
      'Accepted',
      'InvalidPattern',
      /^spec\.rules\[0\]\.pattern: .*steps with its counts written out, allowed 512: use smaller counts, or several rules$/,
    );
    await recovers('numberpolicies', 'fine');
    await stage.apply(numberPolicy('too-large', '(.{1,60})'));
    await stage.says('numberpolicies', 'too-large', 'Programmed', 'True InSync');
  }));

test('two trunks with one FQDN: the older keeps it, the younger names it, and inherits it', () =>
  harmless(async () => {
    const fqdns = ['tenant.voice.example.com'];
    await stage.apply(teamsTrunk('older', { fqdns }));
    await stage.says('teamstrunks', 'older', 'Programmed', 'True InSync');
    // Ages have seconds, and the name decides between equals: it is the later one there too.
    await stage.apply(teamsTrunk('younger', { fqdns }));
    await complains(
      'teamstrunks',
      'younger',
      'Accepted',
      'Conflict',
      /^spec\.fqdns: .*tenant\.voice\.example\.com, which TeamsTrunk\/older has already/,
    );
    await stage.says('teamstrunks', 'older', 'Accepted', 'True Accepted');
    await stage.delete('teamstrunks', 'older');
    await recovers('teamstrunks', 'younger');
  }));

test('a trunk without its instance waits for it', () =>
  harmless(async () => {
    await stage.apply(pbxTrunk('early', '10.20.2.3', { sbcRef: { name: 'later' } }));
    await complains('pbxtrunks', 'early', 'ResolvedRefs', 'InstanceNotFound', /later/);
    const later = sbc({ domain: 'later.example.com' });
    await stage.apply({ ...later, metadata: { name: 'later' } });
    await stage.says('pbxtrunks', 'early', 'ResolvedRefs', 'True ResolvedRefs');
    await recovers('pbxtrunks', 'early');
    // Its certificate is for other names: its own affair.
    await complains('sbcinstances', 'later', 'CertificateReady', 'NameNotCovered', /later\.example\.com/);
    await stage.delete('pbxtrunks', 'early');
    await stage.delete('sbcinstances', 'later');
  }));

test('a Secret of the certificate that is missing: the instance says so, pods and routing are there as soon as it is', async () => {
  const other = await Stage.create(cluster, 'bare');
  await other.delete('secrets', 'sbc-tls');
  await other.apply(sbc({ domain: 'voice.example.com' }), pbxTrunk('pbx', '10.20.0.10'));
  const { message } = await other.says('sbcinstances', 'sbc', 'CertificateReady', 'False SecretNotFound');
  assert.match(message, /sbc-tls/);
  await other.says('sbcinstances', 'sbc', 'Ready', 'False RefsNotResolved');
  const copy = await stage.get('secrets', 'sbc-tls');
  await other.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    type: copy.type,
    metadata: { name: 'sbc-tls' },
    data: copy.data,
  });
  await other.says('sbcinstances', 'sbc', 'Ready', 'True Ready');
  await other.says('pbxtrunks', 'pbx', 'Ready', 'True Ready');
  await other.delete('sbcinstances', 'sbc');
});

test('more CA bundles than a routing state can hold: the youngest are left out and say so, and come in when there is room', () =>
  harmless(async () => {
    const names = Array.from({ length: 65 }, (_, index) => `ca-${index}`);
    const maps = names.map((name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { 'ca.crt': certificate },
    }));
    const trunks = names.map((name) => {
      const trust = { caBundleRef: { kind: 'ConfigMap', name, key: 'ca.crt' } };
      return teamsTrunk(`with-${name}`, { fqdns: [`${name}.voice.example.com`], tls: { trust } });
    });
    await stage.apply(...maps);
    await stage.apply(...trunks);
    // Microsoft's roots and the bundle of the test above have their places too.
    const isLeftOut = (trunk: Said) => conditionIn(trunk, 'Accepted')?.reason === 'TooMany';
    const leftOut = await until(
      async () => {
        const found = (await stage.list('teamstrunks')).filter(isLeftOut);
        return found.length === 3 && found.map(({ metadata }) => metadata.name as string);
      },
      { what: 'three trunks that have no room', withinMs: 40_000 },
    );
    for (const name of leftOut) await complains('teamstrunks', name, 'Accepted', 'TooMany', /64/);
    await stage.runs();
    assert.equal((await stage.document()).trustBundles.length, 64);
    const stays = names.map((name) => `with-${name}`).filter((name) => !leftOut.includes(name));
    for (const name of stays.slice(0, 3)) await stage.delete('teamstrunks', name);
    for (const name of leftOut) await recovers('teamstrunks', name);
  }));

test('a routing state that the runtime refuses: it says why, goes on with the one before, and tries again', async () => {
  const podIP = (await stage.get('pods', 'sbc-0')).status.podIP as string;
  const squatter = createSocket('udp4');
  squatter.bind(5064, podIP);
  await once(squatter, 'listening');
  const listeners = [
    { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
    { kind: 'PbxTrunk', transport: 'UDP', port: 5064 },
  ];
  const before = (await stage.summary('sbc-0')).hash as string;
  // A listener is part of the pod too: held back, so that it is the pod of before that meets it.
  await stage.apply(sbc({ listeners }, { 'teams-sbc.dev/hold-rollout': 'true' }));
  await complains('sbcinstances', 'sbc', 'Programmed', 'DocumentRefused', /^sbc-0 refused it: .*5064/);
  assert.equal((await stage.summary('sbc-0')).hash, before);
  squatter.close();
  await stage.says('sbcinstances', 'sbc', 'Programmed', 'True InSync');
  assert.notEqual((await stage.summary('sbc-0')).hash, before);
});

test('a trunk that is served keeps its login where that is deleted or misnamed, until a pod starts anew; others change meanwhile', async () => {
  const login = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'kept-login' } };
  const stringData = { username: 'ada', password: 'lovelace' };
  const served = (name: string, codecs: readonly string[] = []) =>
    pbxTrunk('served', '10.20.2.2', { auth: { secretRef: { name } }, codecs });
  const isIn = async () => (await stage.document()).trunks.some(({ name }) => name === 'served');
  const says = async (words: RegExp) => {
    await complains('pbxtrunks', 'served', 'ResolvedRefs', 'SecretNotFound', words);
    await stage.runs();
    assert.ok(await isIn());
  };
  const isServed = () => stage.says('pbxtrunks', 'served', 'Programmed', 'True InSync', 45_000);
  await stage.apply({ ...login, stringData }, served('kept-login'));
  await isServed();
  await stage.apply(served('misnamed'));
  await says(/found misnamed, .*what was accepted before \(generation 1\) stays in force$/);
  await stage.apply(served('kept-login'));
  await isServed();
  await stage.delete('secrets', 'kept-login');
  await says(/the pods have what Secret\/kept-login held last/);
  await stage.apply(pbxTrunk('meanwhile', '10.20.2.3'));
  await recovers('pbxtrunks', 'meanwhile');
  assert.ok(await isIn());
  await stage.delete('pods', 'sbc-0');
  await until(async () => !(await isIn()), { what: 'a document that a new pod can use', withinMs: 60_000 });
  await stage.runs();
  await stage.apply({ ...login, stringData });
  await isServed();
});

const route = (name: string) => ({
  apiVersion: 'teams-sbc.dev/v1alpha1',
  kind: 'CallRoute',
  metadata: { name },
  spec: { sbcRef: { name: 'sbc' }, destinations: [{ kind: 'PbxTrunk', name: 'pbx' }] },
});

/** How many routing states there were until both were in, and how long the API server was at it. */
async function applyBoth(): Promise<{ states: number; tookMs: number }> {
  const startMs = Date.now();
  const seen = new Set([(await stage.index()).hash]);
  const applied = stage.apply(route('one'), route('two'));
  const areBothIn = async () => {
    seen.add((await stage.index()).hash);
    return (await stage.document()).callRoutes?.length === 2;
  };
  await until(areBothIn, { what: 'both routes', everyMs: 10 });
  await applied;
  seen.add((await stage.index()).hash);
  const writes = cluster.audit.writes(
    ({ resource, verb, atMs }) => resource === 'callroutes' && verb === 'patch' && atMs >= startMs,
  );
  for (const name of ['one', 'two']) await cluster.kubectl('delete', 'callroute', name, '-n', stage.namespace);
  await until(async () => ((await stage.document()).callRoutes ?? []).length === 0, { what: 'no route' });
  await stage.runs();
  assert.equal(writes.length, 2);
  const [firstMs, lastMs] = [
    Math.min(...writes.map(({ atMs }) => atMs)),
    Math.max(...writes.map(({ endMs }) => endMs)),
  ];
  return { states: seen.size, tookMs: lastMs - firstMs };
}

test('two routes that are applied with one command reach the pods together', async () => {
  // The operator waits 200 ms for the next one: a command that a busy machine makes slower shows nothing.
  const isQuick = async () => {
    const both = await applyBoth();
    return both.tookMs < 100 && both;
  };
  const { states } = await until(isQuick, { what: 'a command that is quick', withinMs: 90_000 });
  assert.equal(states, 2, 'nothing in between');
});

const all: readonly Plural[] = ['sbcinstances', 'teamstrunks', 'pbxtrunks', 'numberpolicies'];

test('in the end everything that was bad is well, and every reason that was ever said is documented', async () => {
  for (const plural of all) {
    for (const object of await stage.list(plural)) {
      const what = `${object.kind} ${object.metadata.name}`;
      const catalogue: Said = reasons[object.kind as keyof typeof reasons];
      for (const { type, reason } of object.status.conditions as SaidCondition[])
        assert.ok(catalogue[type][reason], `${what} ${type} ${reason}`);
      assert.equal(conditionIn(object, 'Programmed')?.reason, 'InSync', what);
    }
  }
});
