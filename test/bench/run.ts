/**
 * `make bench`: CPU a call beside Kamailio + RTPEngine in the same run, memory a held call, twice the load that can be
 * served, and docs/performance.md. Options: --starts N (fresh starts of both; median of the ratios; default 3), --seconds N,
 * --warm-up N (seconds of calls that do not count, the same for both; default 20), --only NAME (a case, memory, overload, or octets-only).
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalChild } from './local-child.ts';
import { SBC_ADDRESS, writeManifests } from './manifests.ts';
import { performancePage, type CpsResult, type MemoryResult } from './performance-page.ts';

const top = new URL('../../', import.meta.url).pathname;
const work = process.env['BENCH_WORK'] ?? join(top, 'work/bench');
const results = process.env['BENCH_RESULTS'] ?? join(work, 'results');

const { values: options } = parseArgs({
  options: {
    starts: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '20' },
    only: { type: 'string' },
  },
});

interface Case {
  readonly name: string;
  readonly mode: 'nomedia' | 'media';
  readonly rate: number;
}

const cases: readonly Case[] = [
  { name: 'signalling-300', mode: 'nomedia', rate: 300 },
  { name: 'signalling-1000', mode: 'nomedia', rate: 1000 },
  { name: 'media-200', mode: 'media', rate: 200 },
  { name: 'media-300', mode: 'media', rate: 300 },
];
const warmUp = ['--warm-up', options['warm-up']];

function kit(program: string, args: readonly string[]): void {
  const done = spawnSync(join(top, 'test/bench', program), args, { stdio: 'inherit' });
  if (done.status !== 0)
    throw new Error(`Cannot measure: ${program} ${args.join(' ')} ended with ${String(done.status)}`);
}

function newestResult(prefix: string): string {
  const names = readdirSync(results)
    .filter((name) => name.startsWith(prefix))
    .sort();
  return readFileSync(join(results, names.at(-1) ?? ''), 'utf8');
}

async function withLocal<Result>(mode: Case['mode'], measure: (spec: string[]) => Result): Promise<Result> {
  kit('lab', ['dns']);
  const withRelay = mode === 'media';
  const directory = writeManifests(
    join(work, `manifests-${mode}`),
    join(work, 'pki'),
    withRelay ? 'RTPEngine' : 'None',
  );
  const child = await LocalChild.start(directory, withRelay);
  try {
    const own = child.pids.rtpengine === undefined ? [] : ['--rtpengine', `B=${child.pids.rtpengine}`];
    return measure([`B=${child.pids.runtime}@${SBC_ADDRESS}`, ...own]);
  } finally {
    await child.stop();
    kit('lab', ['stop']);
  }
}

/** What Node costs alone, for the reader of the page: not a line of it. */
if (options.only === 'octets-only') {
  kit('lab', ['dns']);
  const mover = spawn('taskset', [
    '-c',
    '0',
    process.execPath,
    join(top, 'test/bench/octets-only.mjs'),
    SBC_ADDRESS,
    join(work, 'pki'),
  ]);
  const specs = ['--sbc', 'A=kamailio', '--sbc', `N=${String(mover.pid)}@${SBC_ADDRESS}`];
  try {
    kit('cps.py', ['nomedia', '300', '--seconds', options.seconds, '--repeats', options.starts, ...warmUp, ...specs]);
  } finally {
    mover.kill();
    kit('lab', ['stop']);
  }
}

const cpsResults: CpsResult[] = [];
for (const { name, mode, rate } of cases) {
  if (options.only !== undefined && options.only !== name) continue;
  for (let start = 0; start < Number(options.starts); start += 1) {
    await withLocal(mode, ([spec = '', ...own]) => {
      kit('cps.py', [
        mode,
        String(rate),
        '--seconds',
        options.seconds,
        // Each start is a repetition of its own.
        '--repeats',
        '1',
        ...warmUp,
        '--sbc',
        'A=kamailio',
        '--sbc',
        spec,
        ...own,
      ]);
    });
    cpsResults.push({ name, mode, rate, text: newestResult(`cps-${mode}-`) });
  }
}
const memoryResults: MemoryResult[] = [];
if (options.only === undefined || options.only === 'memory') {
  await withLocal('nomedia', ([spec = '']) => kit('mem.py', ['nomedia', '1000,3000', '--sbc', spec]));
  memoryResults.push({ sbc: 'teams-sbc', text: newestResult('mem-nomedia-') });
  kit('lab', ['dns']);
  kit('mem.py', ['nomedia', '1000,3000', '--sbc', 'A=kamailio+WITH_DIALOG']);
  kit('lab', ['stop']);
  memoryResults.push({ sbc: 'Kamailio with dialog state', text: newestResult('mem-nomedia-') });
}
let overload: string | undefined;
if (options.only === undefined || options.only === 'overload') {
  await withLocal('nomedia', ([spec = '']) => kit('overload.py', [...warmUp, '--sbc', 'A=kamailio', '--sbc', spec]));
  overload = newestResult('overload-');
}
if (options.only === undefined) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  writeFileSync(
    join(top, 'docs/performance.md'),
    performancePage({ cps: cpsResults, memory: memoryResults, overload, machine, warmUp: options['warm-up'] }),
  );
  console.log('written: docs/performance.md');
}
