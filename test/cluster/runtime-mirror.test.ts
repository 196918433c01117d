/** A real runtime that takes its routing state from a real API server, with the rights that the operator gives it and none more. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseRuntimeReport, splitRoutingState } from '@teams-sbc/crds/runtime';
import type { RunningProcess } from '../kit/process.ts';
import { SBC_FQDN } from '../kit/routing-state.ts';
import { startControlPlane, type ControlPlane } from './kit/control-plane.ts';
import { until } from './kit/until.ts';
import { MirrorStage, stateOf } from './mirror/mirror-stage.ts';

let cluster: ControlPlane;
let stage: MirrorStage;
before(async () => {
  cluster = await startControlPlane({ name: 'runtime-mirror', crds: false });
  stage = await MirrorStage.raise(cluster);
});
after(() => cluster.stop());

const [first, second, third] = [stateOf(101), stateOf(102), stateOf(103)];
const hashOf = (state: typeof first) => splitRoutingState(state).index.hash;

const probe = async (path: string) => {
  const response = await fetch(`http://${stage.address}:8080${path}`);
  return { status: response.status, body: await response.text() };
};
const waitsFor = (runtime: RunningProcess, what: RegExp) =>
  runtime.waitForLine((line) => line.includes('Waiting, not serving yet') && what.test(line), 20_000);

test('without a routing state and without a copy the runtime waits: alive, not ready; SIGTERM ends it at once', async () => {
  const runtime = stage.start();
  await waitsFor(runtime, /there is no ConfigMap voice\/sbc-routing yet; and .*no such file/);
  assert.equal((await probe('/livez')).status, 200);
  const ready = await probe('/readyz');
  assert.deepEqual([ready.status, /^waiting: .*voice\/sbc-routing/.test(ready.body)], [503, true]);
  const { hash, refusal, pod } = await stage.summary();
  assert.deepEqual([hash, refusal, pod], [undefined, undefined, 'sbc-0']);
  runtime.signal('SIGTERM');
  assert.equal(await runtime.ended, 0);
  assert.deepEqual(
    runtime.lines.filter((line) => !line.startsWith('{')),
    [],
  );
});

test('a pod that comes before its certificate waits for it, with the document told as refused, and serves once it is issued', async (t) => {
  stage.forgetMirror();
  await stage.remove('secrets', 'sbc-tls');
  const runtime = stage.start();
  await waitsFor(runtime, /there is no ConfigMap/);
  const hash = await stage.publish(first);
  await waitsFor(runtime, /sbc-tls\/tls\.crt: must be a readable file \(found no such file\)/);
  assert.equal((await probe('/readyz')).status, 503);
  const summary = await stage.summary();
  assert.deepEqual([summary.hash, summary.refusal?.hash], [undefined, hash]);
  assert.ok(parseRuntimeReport((await stage.ask('/status')).body).ok);
  const issuedMs = stage.putCertificate(await stage.pki.sbc(SBC_FQDN)).then(() => performance.now());
  await runtime.waitForLine(/"Started"/);
  t.diagnostic(`from the Secret to its calls: ${(performance.now() - (await issuedMs)).toFixed(0)} ms`);
  assert.equal((await stage.inForce(hash)).refusal, undefined);
  assert.equal((await probe('/readyz')).status, 200);
  assert.equal(runtime.lines.filter((line) => line.includes('Waiting, not serving yet')).length, 2);
  await runtime.end();
  stage.forgetMirror();
});

test('it serves by the document behind the index, and tells its hash to who has the token', async () => {
  const hash = await stage.publish(first);
  await stage.started();
  const summary = await stage.inForce(hash);
  assert.deepEqual(
    [summary.pod, summary.draining, summary.calls, summary.refusal],
    ['sbc-0', false, { active: 0 }, undefined],
  );
  const report = parseRuntimeReport((await stage.ask('/status')).body);
  assert.ok(report.ok);
  assert.deepEqual(
    report.report.trunks.map(({ name }) => name),
    ['teams', 'pbx'],
  );
  for (const token of ['wrong', '']) {
    const refused = await stage.ask('/status', token);
    assert.deepEqual([refused.status, refused.body], [401, 'Unauthorized\n']);
  }
});

test('a flip of the index is in force at once', async (t) => {
  const hash = hashOf(second);
  const published = stage.publish(second).then(() => performance.now());
  await stage.inForce(hash);
  const tookMs = performance.now() - (await published);
  t.diagnostic(`from the answer to the write of the index to its hash on /status/summary: ${tookMs.toFixed(0)} ms`);
});

test('a shard that is not what the index says is refused with its hash, and the document before it keeps serving', async () => {
  const hash = await stage.publish(stateOf(110), (shard) => `${shard} `);
  const refused = await stage.untilSummary('the refusal', ({ refusal }) => refusal?.hash === hash);
  assert.equal(refused.hash, hashOf(second));
  assert.match(refused.refusal?.problems[0]?.message ?? '', /sbc-routing-/);
  await stage.publish(second);
  await stage.untilSummary('no refusal', ({ refusal }) => refusal === undefined);
});

test('an index that is none is refused, and the next good one clears it', async () => {
  const index = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'sbc-routing' },
    data: { 'index.json': '{}' },
  };
  await stage.put('configmaps', index);
  const refused = await stage.untilSummary('the refusal', ({ refusal }) => refusal !== undefined);
  assert.equal(refused.hash, hashOf(second));
  await stage.inForce(await stage.publish(first));
  await stage.untilSummary('no refusal', ({ refusal }) => refusal === undefined);
});

test('a renewed certificate is in force without a restart; a Secret that is deleted leaves the last one there', async () => {
  const renewed = await stage.pki.leaf({ names: [SBC_FQDN, `*.${SBC_FQDN}`], days: 33 });
  await stage.putCertificate(renewed);
  const days = async () => (await stage.report()).certificates[0]?.daysLeft;
  await until(async () => [32, 33].includes((await days()) ?? 0), { what: 'the renewed certificate' });
  await stage.remove('secrets', 'sbc-tls');
  await stage.runtime?.waitForLine(/A Secret or trust bundle is not there/);
  await stage.inForce(await stage.publish(second));
  assert.ok([32, 33].includes((await days()) ?? 0));
  await stage.putCertificate(renewed);
});

test('an API server that is away changes nothing; what was flipped meanwhile is in force once it is back', async () => {
  await cluster.apiServer.kill();
  assert.equal((await stage.summary()).hash, hashOf(second));
  await stage.runtime?.waitForLine(/Cannot follow an object/);
  await cluster.apiServer.start();
  await stage.inForce(await stage.publish(third));
});

test('a renewed certificate that is worse is refused by itself: routing states go on, and a process that crashes keeps the good one', async () => {
  const good = await stage.pki.sbc(SBC_FQDN);
  await stage.putCertificate(good);
  const shown = async () => {
    const { certificates, refusal } = await stage.report();
    const [certificate] = certificates;
    return { notAfter: certificate?.notAfter, codes: certificate?.findings?.map(({ code }) => code) ?? [], refusal };
  };
  const { validToDate } = new X509Certificate(good.certificate);
  await until(async () => (await shown()).notAfter === validToDate.toISOString(), { what: 'the good certificate' });
  const isRefused = async () => (await shown()).codes.includes('renewal-refused');
  const keeps = async () => {
    const { notAfter, refusal } = await shown();
    assert.deepEqual([notAfter, refusal], [validToDate.toISOString(), undefined]);
  };
  await stage.putCertificate(await stage.pki.leaf({ names: ['elsewhere.example.com'], days: 50 }));
  await until(isRefused, { what: 'the finding' });
  await stage.inForce(await stage.publish(second));
  await keeps();
  await stage.inForce(await stage.publish(third));
  await keeps();
  const said = stage.runtime?.lines.filter((line) => line.includes('Certificate refused, the one before it stays'));
  assert.deepEqual([said?.length, said?.[0]?.includes(`lacks ${SBC_FQDN}`)], [1, true]);
  stage.runtime?.signal('SIGKILL');
  await stage.runtime?.ended;
  await stage.started();
  await until(isRefused, { what: 'the finding after the crash' });
  await keeps();
  await stage.putCertificate(good);
  await until(async () => !(await isRefused()), { what: 'no finding' });
});

test('a process that crashes while the newest state is refused starts again with the last one in force', async () => {
  const bad = await stage.publish(stateOf(-1));
  await stage.untilSummary('the refusal', ({ refusal }) => refusal?.hash === bad);
  stage.runtime?.signal('SIGKILL');
  await stage.runtime?.ended;
  const { lines } = await stage.started();
  assert.ok(lines.some((line) => line.includes('Starting with the last document that was in force')));
  const refused = await stage.untilSummary('the refusal', ({ refusal }) => refusal?.hash === bad);
  assert.equal(refused.hash, hashOf(third));
  await stage.publish(third);
  await stage.untilSummary('no refusal', ({ refusal }) => refusal === undefined);
});

test('without the API server a restarted runtime serves by what it left, a new pod by the mounted copy', async () => {
  await stage.runtime?.end();
  await cluster.apiServer.kill();
  const left = await stage.started();
  assert.equal((await stage.summary()).hash, hashOf(third));
  assert.ok(left.lines.some((line) => line.includes('a process before this one left')));
  await left.end();
  stage.forgetMirror();
  stage.mountCopy(first, await stage.pki.sbc(SBC_FQDN));
  await stage.started();
  assert.equal((await stage.summary()).hash, hashOf(first));
  await cluster.apiServer.start();
  await stage.inForce(hashOf(third));
});

test('a new pod without the API server and without a copy waits, and serves soon after that is back', async (t) => {
  await stage.runtime?.end();
  await cluster.apiServer.kill();
  stage.forgetMirror();
  rmSync(stage.at('mounted-state'), { recursive: true });
  const runtime = stage.start();
  await waitsFor(runtime, /has not told of ConfigMap voice\/sbc-routing; and .*no such file/);
  assert.equal((await probe('/livez')).status, 200);
  await cluster.apiServer.start();
  const startedMs = performance.now();
  await runtime.waitForLine(/"Started"/, 15_000);
  t.diagnostic(`from the API server to calls: ${(performance.now() - startedMs).toFixed(0)} ms`);
  await stage.inForce(hashOf(third));
});

test('a paused API server does not hold up the runtime', async () => {
  await cluster.apiServer.pause();
  assert.equal((await stage.summary()).hash, hashOf(third));
  cluster.apiServer.resume();
  await stage.inForce(await stage.publish(second));
});

test('the mirror costs few megabytes beside a runtime whose files somebody else writes', async (t) => {
  const [own, other] = [[], ['--mirror']];
  const sizes: number[] = [];
  for (const without of [own, other, own, other]) {
    await stage.runtime?.end();
    const runtime = await stage.started({ without });
    await until(async () => (await stage.summary()).hash === hashOf(second), { what: 'its answer' });
    sizes.push(rssMiB(runtime.pid));
  }
  const [first = 0, local = 0, again = 0, localAgain = 0] = sizes;
  const more = (first + again - local - localAgain) / 2;
  t.diagnostic(`RSS with the mirror ${first} and ${again} MiB, without ${local} and ${localAgain}`);
  assert.ok(more < 15, `${more} MiB`);
  await stage.runtime?.end();
  await stage.started();
});

test('two thousand trunks arrive within seconds', async (t) => {
  const before = rssMiB(stage.runtime?.pid);
  const many = stateOf(120, 1998);
  const hash = await stage.publish(many);
  const publishedMs = performance.now();
  await stage.inForce(hash);
  t.diagnostic(`2000 trunks in force after ${(performance.now() - publishedMs).toFixed(0)} ms`);
  t.diagnostic(`RSS ${before} MiB before, ${rssMiB(stage.runtime?.pid)} MiB with 2000 trunks`);
  const report = parseRuntimeReport((await stage.ask('/status')).body);
  assert.equal(report.ok && report.report.trunks.length, 2000);
});

test('files are for their owner alone, and nothing is written but what is wanted', () => {
  const mirror = join(cluster.directory, 'mirror');
  assert.doesNotMatch(readFileSync(join(mirror, 'state/routing-state.json'), 'utf8'), /PRIVATE KEY/);
  assert.throws(() => readFileSync(join(mirror, 'secrets/sbc-tls/ca.crt')), /ENOENT/);
  rmSync(mirror, { recursive: true });
});

function rssMiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
