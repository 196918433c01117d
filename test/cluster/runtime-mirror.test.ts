/** A real runtime that takes its routing state from a real API server, with the rights that the operator gives it and none more. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseRuntimeReport, splitRoutingState } from '@teams-sbc/crds/runtime';
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

test('without a routing state and without a copy the runtime says so in one line, and ends', async () => {
  const runtime = stage.start();
  assert.equal(await runtime.ended, 1);
  const said = runtime.lines.filter((line) => !line.startsWith('{'));
  assert.deepEqual(said.length, 1, said.join('\n'));
  assert.match(said[0] ?? '', /^Cannot get a routing state: .* ConfigMap voice\/sbc-routing; and .*no such file$/);
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

test('a process that crashes while the newest state is refused starts again with the last one in force', async () => {
  const good = await stage.pki.sbc(SBC_FQDN);
  await stage.putCertificate({ ...good, key: stage.strangersKey });
  await stage.untilSummary('the refusal', ({ refusal }) => refusal !== undefined);
  stage.runtime?.signal('SIGKILL');
  await stage.runtime?.ended;
  const { lines } = await stage.started();
  assert.ok(lines.some((line) => line.includes('Starting with the last document that was in force')));
  const refused = await stage.untilSummary('the refusal', ({ refusal }) => refusal !== undefined);
  assert.equal(refused.hash, hashOf(third));
  await stage.putCertificate(good);
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
