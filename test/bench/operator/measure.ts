/** One run of the bench: what is done in which order, and what is read off. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { apply, create, each, writeStatus } from './api-load.ts';
import type { CompileCost } from './compile-cost.ts';
import { compileCost } from './compile-cost.ts';
import { instance, namespace, route, trunks } from './manifests.ts';
import { OperatorRun } from './operator-run.ts';
import { Programmed } from './programmed.ts';
import { median, percentile } from './statistics.ts';

export interface Figures {
  readonly trunks: number;
  readonly bareMs: number;
  readonly createMs: number;
  readonly programmedMs: number;
  readonly cpuMsATrunk: number;
  readonly compile: CompileCost;
  readonly routeMs: { readonly p50: number; readonly p95: number };
  readonly rssMiB: number;
  readonly repairMs: number;
  readonly syncedMs: number;
  readonly importMs: number;
  readonly idle: { readonly writes: number; readonly seconds: number };
}

export interface Size {
  /** Of either kind. */
  readonly each: number;
  readonly routeChanges: number;
  readonly idleSeconds: number;
}

type Say = (line: string) => void;

const bareNamespace = 'bare';
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

export async function measure(cluster: ControlPlane, size: Size, say: Say): Promise<Figures> {
  const bareMs = await bareWrites(cluster, size);
  say(`bare status writes: ${seconds(bareMs)}`);
  const first = await OperatorRun.start(cluster);
  await cluster.apply([{ ...instance(), metadata: { name: 'sbc', namespace } }]);
  await untilReady(cluster);
  const created = await createAll(cluster, first.operator, size);
  say(`created in ${seconds(created.createMs)}, programmed ${seconds(created.programmedMs)} later`);
  const rssMiB = first.operator.rssMiB();
  const routeMs = await changeRoutes(cluster, size.routeChanges);
  say(`a changed route: p95 ${seconds(routeMs.p95)}`);
  const repairMs = await repair(cluster);
  const idle = await idleWrites(first.operator, size.idleSeconds, say);
  await first.operator.end();
  const { operator, syncedMs } = await OperatorRun.start(cluster);
  await operator.end();
  const importMs = timeImport();
  return {
    ...created,
    trunks: size.each * 2,
    bareMs,
    compile: compileCost(size.each),
    routeMs,
    rssMiB,
    repairMs,
    syncedMs,
    importMs,
    idle,
  };
}

async function bareWrites({ api }: ControlPlane, { each: count }: Size): Promise<number> {
  const all = trunks(count);
  await each(all, (manifest) => create(api, manifest, bareNamespace));
  return each(all, (manifest) => writeStatus(api, manifest, bareNamespace));
}

async function untilReady(cluster: ControlPlane): Promise<void> {
  await until(
    async () => {
      const { body } = await cluster.api.get(`/api/v1/namespaces/${namespace}/pods/sbc-0`);
      const conditions = (body.status?.conditions ?? []) as { type: string; status: string }[];
      return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
    },
    { what: 'pod sbc-0 is ready', withinMs: 60_000 },
  );
}

async function createAll({ api }: ControlPlane, operator: OperatorRun, { each: count }: Size) {
  const all = trunks(count);
  const teams = await Programmed.follow(api, 'TeamsTrunk');
  const pbxs = await Programmed.follow(api, 'PbxTrunk');
  const cpuBefore = operator.cpuMs();
  const createMs = await each(all, (manifest) => create(api, manifest));
  const answered = performance.now();
  await Promise.all([teams.until(count), pbxs.until(count)]);
  const programmedMs = performance.now() - answered;
  teams.stop();
  pbxs.stop();
  return { createMs, programmedMs, cpuMsATrunk: (operator.cpuMs() - cpuBefore) / all.length };
}

async function changeRoutes({ api }: ControlPlane, changes: number): Promise<{ p50: number; p95: number }> {
  const routes = await Programmed.follow(api, 'CallRoute');
  const times: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const started = performance.now();
    const { metadata } = (await apply(api, route(`+4930${String(1000 + change)}`))) as {
      metadata: { generation: number };
    };
    await routes.until(1, metadata.generation);
    times.push(performance.now() - started);
  }
  routes.stop();
  return { p50: median(times), p95: percentile(times, 95) };
}

/** Somebody scales the headless Service's port away by hand. */
async function repair({ api }: ControlPlane): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/services/sbc-pods`;
  const edit = { spec: { publishNotReadyAddresses: false } };
  const started = performance.now();
  await api.send('PATCH', path, { body: edit, contentType: 'application/merge-patch+json' });
  await until(async () => ((await api.get(path)).body.spec.publishNotReadyAddresses as boolean | undefined) === true, {
    what: 'the Service is as it was',
    everyMs: 10,
  });
  return performance.now() - started;
}

async function idleWrites(operator: OperatorRun, idleSeconds: number, say: Say) {
  // What the last changes left to do, such as collecting shards, is no idleness.
  await delay(30_000);
  const before = await operator.writes();
  say(`idle for ${String(idleSeconds)} s`);
  await delay(idleSeconds * 1000);
  const after = await operator.writes();
  const writes = [...after].reduce(
    (sum, [resource, count]) => sum + (resource === 'leases' ? 0 : count - (before.get(resource) ?? 0)),
    0,
  );
  return { writes, seconds: idleSeconds };
}

/** Node with everything that the operator imports, and nothing done. */
function timeImport(): number {
  const module = join(repository, 'operator/src/cluster/teams-sbc-operator.ts');
  const started = performance.now();
  spawnSync(process.execPath, [
    '--eval',
    `await import(${JSON.stringify(module)}); process.exit(0)`,
    '--input-type=module',
  ]);
  return performance.now() - started;
}
