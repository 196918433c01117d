import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { samplePbxTrunk, sampleState } from '../../crds/src/runtime/sample-state.ts';
import type { RefusedCertificate } from './certificate-choice.ts';
import { DocumentInForce } from './document-in-force.ts';
import { SbcError } from './kernel/error.ts';
import { silentLog, type Facts } from './kernel/log.ts';
import { VirtualClock } from './kernel/virtual-clock.ts';
import { loadDocument } from './settings/document-files.ts';
import { AdmissionPolicy } from './transport/admission.ts';
import { Authority } from './transport/testing/authority.ts';

const PLACE = 'pbx-udp';
const [OLD, NEW] = ['10.20.0.10', '10.20.0.99'];
const withRange = (...allowCIDRs: string[]): RoutingState => ({
  ...sampleState,
  trunks: [{ ...samplePbxTrunk, allowCIDRs: allowCIDRs.map((address) => `${address}/32`) }],
  certificates: [],
  trustBundles: [],
  routes: [],
});

/** The document in force over a real admission; listeners, certificates and calls write down what they were told. */
function setUp(t: TestContext, first: RoutingState = withRange(OLD), writeSecret?: (root: string) => void) {
  const root = mkdtempSync(join(tmpdir(), 'sbc-in-force-'));
  t.after(() => rmSync(root, { recursive: true }));
  const directories = { state: root, secrets: root, trust: root, microsoftRoots: join(root, 'roots.pem') };
  mkdirSync(root, { recursive: true });
  const write = (state: RoutingState) => writeFileSync(join(root, 'routing-state.json'), JSON.stringify(state));
  write(first);
  writeSecret?.(root);
  const loaded = loadDocument(directories);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const clock = new VirtualClock();
  const world = {
    clock,
    write,
    inUse: new Map<string, number>(),
    /** Thrown while it is set. */
    listening: undefined as Error | undefined,
    applying: undefined as Error | undefined,
    applied: [] as RoutingState[],
    outlived: [] as number[],
    replacedTls: 0,
    accepted: [] as boolean[],
    said: [] as string[],
    toldRefused: [] as (readonly RefusedCertificate[])[],
    root,
    admission: new AdmissionPolicy({ rules: loaded.document.state, roots: () => [] }),
    letIn: (address: string) => [
      world.admission.trunksAt(PLACE, address).length > 0,
      world.admission.formerTrunksAt(PLACE, address).length > 0,
    ],
  };
  const say = (message: string, facts?: Facts) => void world.said.push(`${message}: ${JSON.stringify(facts)}`);
  const log = { ...silentLog, info: say, warn: say };
  const inForce = new DocumentInForce({
    ...{ directories, clock, first: loaded.document, ordinal: 0, log, admission: world.admission },
    metrics: { documentLoaded: (isAccepted) => void world.accepted.push(isAccepted) },
    tls: {
      replace: () => {
        world.replacedTls += 1;
        return [];
      },
    },
    transports: { reload: () => (world.listening === undefined ? Promise.resolve() : Promise.reject(world.listening)) },
    calls: {
      apply: (state) => {
        if (world.applying !== undefined && state.trunks[0]?.allowCIDRs[0] === `${NEW}/32`) throw world.applying;
        world.applied.push(state);
      },
      trunksInUse: () => world.inUse,
    },
    onOutlived: (newer) => void world.outlived.push(newer.drain.timeoutSeconds),
    onReplaced: () => undefined,
    onCertificatesRefused: (refused) => void world.toldRefused.push(refused),
  });
  return { ...world, world, inForce };
}

test('a document that does not even arrive is told like one that is refused, until it does or is no longer wanted', async (t) => {
  const { world, inForce, write } = setUp(t);
  const hash = `sha256:${'0'.repeat(64)}`;
  const problem = { path: 'shards[0]', message: 'shards[0]: must be there', found: 'nothing', allowed: 'a shard' };
  inForce.sourceRefused({ hash, problems: [problem] });
  inForce.sourceRefused({ hash, problems: [problem] });
  const refusedHash = (): string | undefined => inForce.refusal?.hash;
  assert.deepEqual([refusedHash(), world.accepted], [hash, [false]]);
  inForce.sourceRefused(undefined);
  assert.equal(refusedHash(), undefined);
  write(withRange(NEW));
  inForce.sourceRefused({ hash, problems: [problem] });
  await inForce.look();
  assert.equal(refusedHash(), hash);
});

test('a document that does not name this pod any more leaves it its names, and tells how long it may drain', async (t) => {
  const { world, inForce, write, letIn } = setUp(t);
  const elsewhere = { ...withRange(NEW), pods: [{ name: 'sbc-1', ordinal: 1, fqdn: 'sbc-1.voice.example.com' }] };
  write({ ...elsewhere, drain: { timeoutSeconds: 60 } });
  await inForce.look();
  await inForce.look();
  assert.deepEqual([world.outlived, world.applied, world.replacedTls, inForce.refusal], [[60], [], 0, undefined]);
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[true, false], [false, false]]); // prettier-ignore
  write(withRange(NEW));
  await inForce.look();
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[false, false], [true, false]]); // prettier-ignore
});

test('a document refused for the moment, as for a port in use, is told and tried again without a change', async (t) => {
  const { world, inForce, write, letIn } = setUp(t);
  world.listening = new SbcError('SBC_LISTEN', 'Cannot listen on 127.0.0.1:5070: the port is in use');
  write(withRange(NEW));
  await inForce.look();
  await inForce.look();
  assert.equal(inForce.refusal?.problems[0]?.path, 'listeners');
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[true, false], [false, false]]); // prettier-ignore
  assert.deepEqual(world.accepted, [false], 'said once');
  world.listening = undefined;
  await inForce.look();
  assert.equal(inForce.refusal, undefined);
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[false, false], [true, false]]); // prettier-ignore
});

test('a fault on the way puts everything back and stands in the status', async (t) => {
  const { world, inForce, write, letIn } = setUp(t);
  world.applying = new Error('a bug');
  write(withRange(NEW));
  await inForce.look();
  assert.equal(inForce.refusal?.problems[0]?.message, 'a bug');
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[true, false], [false, false]]); // prettier-ignore
  assert.deepEqual(inForce.document.state.trunks[0]?.allowCIDRs, [`${OLD}/32`]);
  assert.deepEqual([world.applied.at(-1)?.trunks[0]?.allowCIDRs, world.replacedTls], [[`${OLD}/32`], 2]);
});

test('a document that is wrong in itself is refused once and not read into force again', async (t) => {
  const { world, inForce, write } = setUp(t);
  write({ ...withRange(NEW), limits: { maxCalls: 0, maxCallsPerSecond: 1 } });
  await inForce.look();
  await inForce.look();
  assert.equal(inForce.refusal?.problems[0]?.path, 'limits.maxCalls');
  assert.equal(world.replacedTls, 0);
});

test('the range of a trunk with calls is let in as a former one until the last of them has been over for a while', async (t) => {
  const { world, clock, inForce, write, letIn } = setUp(t);
  const begunMs = clock.nowMs();
  clock.advance(1000);
  world.inUse.set('pbx', begunMs);
  write(withRange(NEW));
  await inForce.look();
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[false, true], [true, false]]); // prettier-ignore
  clock.advance(3_600_000);
  await inForce.look();
  assert.deepEqual(letIn(OLD), [false, true]);
  // Calls that began by the new range are no reason to keep the old one.
  world.inUse.set('pbx', clock.nowMs());
  clock.advance(31_000);
  await inForce.look();
  assert.deepEqual(letIn(OLD), [false, true]);
  clock.advance(1000);
  await inForce.look();
  assert.deepEqual([letIn(OLD), letIn(NEW)], [[false, false], [true, false]]); // prettier-ignore
});

test('a trunk without calls leaves nothing behind, and one that comes back as it was is no former one', async (t) => {
  const { world, inForce, write, letIn } = setUp(t);
  write({ ...withRange(NEW), trunks: [] });
  await inForce.look();
  assert.deepEqual(letIn(OLD), [false, false]);
  write(withRange(OLD));
  await inForce.look();
  world.inUse.set('pbx', 0);
  write({ ...withRange(NEW), trunks: [] });
  await inForce.look();
  assert.deepEqual(letIn(OLD), [false, true]);
  write(withRange(OLD));
  await inForce.look();
  assert.deepEqual(letIn(OLD), [true, false]);
});

test('a Secret that holds worse is refused by itself: documents go on being accepted, with the certificate that serves', async (t) => {
  const authority = new Authority();
  t.after(() => authority.close());
  const [good, renewed] = [authority.selfSigned('good'), authority.selfSigned('renewed')];
  const withCertificate = (address: string): RoutingState => ({
    ...withRange(address),
    certificates: [{ name: 'sbc-tls', secret: 'sbc-tls' }],
  });
  const writeSecret = (root: string, { pem, key }: { pem: string; key: string }) => {
    mkdirSync(join(root, 'sbc-tls'), { recursive: true });
    writeFileSync(join(root, 'sbc-tls', 'tls.crt'), pem);
    writeFileSync(join(root, 'sbc-tls', 'tls.key'), key);
  };
  const { world, inForce, write } = setUp(t, withCertificate(OLD), (root) => writeSecret(root, good));
  const serving = () => inForce.document.certificates[0]?.certificate;
  writeSecret(world.root, { ...renewed, key: good.key });
  await inForce.look();
  await inForce.look();
  assert.deepEqual([inForce.refusal, world.accepted, world.replacedTls], [undefined, [], 0]);
  assert.match(world.toldRefused[0]?.[0]?.problem ?? '', /^tls\.key does not belong to tls\.crt/);
  write(withCertificate(NEW));
  await inForce.look();
  assert.deepEqual([inForce.refusal, world.accepted, serving()], [undefined, [true], good.pem]);
  rmSync(join(world.root, 'sbc-tls', 'tls.key'));
  await inForce.look();
  assert.match(
    world.toldRefused.at(-1)?.[0]?.problem ?? '',
    /tls\.key: must be a readable file \(found no such file\)$/,
  );
  assert.deepEqual([inForce.refusal, serving()], [undefined, good.pem]);
  writeSecret(world.root, renewed);
  await inForce.look();
  assert.deepEqual([world.toldRefused.at(-1), world.accepted, serving()], [[], [true, true], renewed.pem]);
});

test('a login or trust bundle that nobody can use leaves the one before it in force, and says so once', async (t) => {
  const authority = new Authority();
  t.after(() => authority.close());
  const state: RoutingState = {
    ...withRange(OLD),
    trunks: [{ ...samplePbxTrunk, auth: { secret: 'login' } }],
    trustBundles: [{ name: 'ca', source: { kind: 'ConfigMap', name: 'ca', key: 'ca.crt' } }],
  };
  const folder = (root: string, name: string, files: Readonly<Record<string, string>>) => {
    mkdirSync(join(root, name), { recursive: true });
    for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
  };
  const { pem } = authority.selfSigned('ca');
  const { world, inForce } = setUp(t, state, (root) => {
    folder(root, 'login', { username: 'sbc', password: 'Geheim' });
    folder(root, 'ca', { 'ca.crt': pem });
  });
  const looks = async () => {
    world.said.length = 0;
    await inForce.look();
    await inForce.look();
    return world.said.map((line) => line.replaceAll(`${world.root}/`, ''));
  };
  assert.deepEqual(await looks(), []);
  rmSync(join(world.root, 'login', 'password'));
  const login = 'A login cannot be used; what it held last stays in force';
  const missing = 'login/password: must be a readable file (found no such file)';
  assert.deepEqual(await looks(), [`${login}: ${JSON.stringify({ name: 'pbx', problem: missing })}`]);
  folder(world.root, 'ca', { 'ca.crt': 'words' });
  const [bundle, ...others] = await looks();
  assert.match(bundle ?? '', /^A trust bundle cannot be used; what it held last stays in force: .*"name":"ca"/);
  assert.deepEqual([others, inForce.document.trustBundles[0]?.roots, inForce.refusal], [[], pem, undefined]);
  folder(world.root, 'login', { password: 'Geheim' });
  folder(world.root, 'ca', { 'ca.crt': pem });
  assert.deepEqual(await looks(), [
    'What a login holds is in force again: {"name":"pbx"}',
    'What a trust bundle holds is in force again: {"name":"ca"}',
  ]);
});
