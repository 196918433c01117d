/** docs/performance-operator.md from one run. */
import { cpus } from 'node:os';
import type { Figures } from './measure.ts';

const rows: readonly (readonly [string, string, (figures: Figures) => string])[] = [
  ['trunks applied at once until all are `Programmed`, as a multiple of bare status writes', '1.5', programmedRow],
  ['operator CPU a trunk', '4 ms', ({ cpuMsATrunk }) => `${cpuMsATrunk.toFixed(2)} ms`],
  ['compiling and splitting the whole routing state', '200 ms', ({ compile }) => `${compile.wholeMs.toFixed(0)} ms`],
  ['the same with one changed trunk', '20 ms', ({ compile }) => `${compile.changedMs.toFixed(1)} ms`],
  [
    'one changed route `Programmed`, p95',
    '1 s',
    ({ routeMs }) => `${routeMs.p95.toFixed(0)} ms (p50 ${routeMs.p50.toFixed(0)})`,
  ],
  ['operator RSS with all of them', '220 MiB', ({ rssMiB }) => `${rssMiB.toFixed(0)} MiB`],
  ['a manual edit of a child repaired', '2 s', ({ repairMs }) => `${repairMs.toFixed(0)} ms`],
  ['start until caches are synced, beyond the import', '3 s', syncedRow],
  [
    'writes but the Lease while nothing happens',
    '0',
    ({ idle }) => `${String(idle.writes)} in ${String(idle.seconds)} s`,
  ],
];

export function operatorPage(figures: Figures): string {
  const lines = rows.map(([what, wanted, read]) => `| ${what} | ${wanted} | ${read(figures)} |`);
  return `# What the operator costs

Written by \`make bench-operator\` (\`test/bench/operator/\`): a real API server with etcd and the controller manager, one SbcInstance whose pod is a real runtime, and ${String(figures.trunks)} trunks in it. The API server shares the two cores with everything
else, so what depends on it is a ratio within one run: ${String(figures.trunks)} status writes by server-side apply, of the size that the operator writes, sixteen at once over one keep-alive pool, before the operator is started. Trunks are created in the same way; the time is counted from the answer to
the last create until a watch has shown the last of them as \`Programmed\`.

Machine: ${String(cpus().length)} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}. Taken ${new Date().toISOString().slice(0, 10)}.

| what | wanted, at most | measured |
|---|---|---|
${lines.join('\n')}
`;
}

function programmedRow({ bareMs, programmedMs, createMs }: Figures): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return `**${(programmedMs / bareMs).toFixed(2)}** (${seconds(programmedMs)}; bare writes ${seconds(bareMs)}; the creates took ${seconds(createMs)})`;
}

function syncedRow({ syncedMs, importMs }: Figures): string {
  return `${((syncedMs - importMs) / 1000).toFixed(1)} s (import ${(importMs / 1000).toFixed(1)} s)`;
}
