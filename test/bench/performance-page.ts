/** Writes docs/performance.md from the kit's JSON. */

export interface CpsResult {
  readonly name: string;
  readonly mode: 'nomedia' | 'media';
  readonly rate: number;
  readonly text: string;
}

export interface MemoryResult {
  readonly sbc: string;
  readonly text: string;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

interface Row {
  readonly cpu_s_per_1000: number;
  readonly sip_cpu_s_per_1000: number;
  readonly rtpengine_cpu_s_per_1000: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly incomplete: number;
  readonly ratio?: number;
  readonly ratio_sip?: number;
  readonly invite_to_180_ms: Latency;
}

interface Summary {
  readonly clean: boolean;
  readonly by_sbc: Record<string, Row>;
}

interface MemoryRun {
  readonly calls: number;
  readonly held: number;
  readonly failed: number;
  readonly kib_each_further?: Record<string, number>;
}

interface OverloadOf {
  readonly clean_rate: number;
  readonly share?: number;
  readonly overloaded?: {
    readonly offered: number;
    readonly seconds: number;
    readonly succeeded: number;
    readonly refused: number;
    readonly failed: number;
    readonly retransmissions: number;
  };
}

export interface Measured {
  readonly cps: readonly CpsResult[];
  readonly memory: readonly MemoryResult[];
  /** The kit's JSON of `overload.py`. */
  readonly overload: string | undefined;
  readonly machine: string;
  /** Seconds of calls that did not count, before each measurement. */
  readonly warmUp: string;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function performancePage({ cps, memory, overload, machine, warmUp }: Measured): string {
  const names = [...new Set(cps.map((result) => result.name))];
  const lines = names.map((name) => cpsLine(cps.filter((result) => result.name === name)));
  return `# Performance

What a call costs, beside Kamailio 5.6 + RTPEngine in the same run, on loopback. Written by \`make bench\`; the kit is \`test/bench/\`. On a cluster (install, drain, gaps in the sound, memory, images; \`make bench-node\` and \`make test-cluster\`): [performance-cluster](performance-cluster.md).

The call: INVITE/100/180/200/ACK, 200 ms, BYE/200, from the PBX (UDP) to Teams (TLS, one connection; 200 follows the 180 after 1 ms). SBC and RTPEngine share one core, generators the other.
CPU is user and system time of the process from \`/proc\`, divided by the calls that succeeded: CPU-seconds per 1000 calls = ms per call. Runs alternate between the two SBCs; each line is the median over
fresh starts of both. Before the first of its runs each SBC gets ${warmUp} s of calls at the same rate that do not count (\`--warm-up\`). A run with failed, incomplete or retransmitted calls is marked. Compare within one line only: the machine moves by 20 % from day to day.

Machine: ${machine}.

| case | calls/s | Kamailio ms/call | teams-sbc ms/call | ratio | SIP process alone | INVITE→180 p50, Kamailio / ours | failed + incomplete + retransmitted | starts |
|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}

Signalling passes SDP untouched on both sides (\`media.engine: None\`); in \`media\` both have RTPEngine between the SDPs, ours started by local mode.

## Twice too much

| SBC | highest clean rate | offered | succeed | of the clean rate | refused with 503 | failed | sent again |
|---|---|---|---|---|---|---|---|
${overloadLines(overload).join('\n')}

Signalling only. The highest clean rate: no call failed, incomplete or sent again, and at most 90 % of the core in the SBC's own use, in steps of 250 calls/s to 3000 and of 500 to 4000. Then twice that rate for 10 s, from a PBX that takes 503 for an answer;
succeed: calls a second that came to their end.

## Memory

| SBC | held calls | KiB for each further held call |
|---|---|---|
${memory.map(memoryLine).join('\n')}

Proportional set size of the process tree, signalling only; the slope between the two sizes.
`;
}

function cpsLine(starts: readonly CpsResult[]): string {
  const summaries = starts
    .map((result) => (JSON.parse(result.text) as { summaries: Summary[] }).summaries[0])
    .filter((summary) => summary !== undefined);
  const a = summaries.map((summary) => summary.by_sbc['A']).filter((row) => row !== undefined);
  const b = summaries.map((summary) => summary.by_sbc['B']).filter((row) => row !== undefined);
  const of = (rows: readonly Row[], pick: (row: Row) => number) => median(rows.map(pick));
  const unclean = [...a, ...b].reduce((sum, row) => sum + row.failed + row.incomplete + row.retransmissions, 0);
  const first = starts[0];
  return `| ${first?.mode === 'media' ? 'with RTPEngine' : 'signalling only'} | ${first?.rate ?? 0} | ${of(a, (row) => row.cpu_s_per_1000)} | ${of(b, (row) => row.cpu_s_per_1000)} | **${of(b, (row) => row.ratio ?? Number.NaN)}** | ${of(b, (row) => row.ratio_sip ?? Number.NaN)} | ${of(a, (row) => row.invite_to_180_ms.p50)} / ${of(b, (row) => row.invite_to_180_ms.p50)} ms | ${unclean === 0 ? '0' : `**${unclean}**`} | ${starts.length} |`;
}

function overloadLines(text: string | undefined): string[] {
  const { by_sbc: bySbc } = JSON.parse(text ?? '{"by_sbc":{}}') as { by_sbc: Record<string, OverloadOf> };
  return Object.entries(bySbc).map(([label, { clean_rate: clean, share, overloaded: over }]) => {
    const sbc = label === 'A' ? 'Kamailio' : 'teams-sbc';
    if (over === undefined || share === undefined) return `| ${sbc} | below the first step | - | - | - | - | - | - |`;
    const each = (count: number) => `${Math.round(count / over.seconds)}/s`;
    return `| ${sbc} | ${clean}/s | ${each(over.offered)} | ${each(over.succeeded)} | **${Math.round(share * 100)} %** | ${each(over.refused)} | ${each(over.failed)} | ${each(over.retransmissions)} |`;
  });
}

function memoryLine({ sbc, text }: MemoryResult): string {
  const { runs } = JSON.parse(text) as { runs: MemoryRun[] };
  const last = runs.at(-1);
  return `| ${sbc} | ${runs.map((run) => `${run.held}${run.failed > 0 ? ` (${run.failed} failed)` : ''}`).join(', ')} | ${last?.kib_each_further?.['sip'] ?? '-'} |`;
}
