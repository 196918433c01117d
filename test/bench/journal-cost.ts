/**
 * What the journal of calls costs, in µs of processor time a call: `node test/bench/journal-cost.ts [calls a second]`. The
 * calls are those of a scenario, each lasts three seconds; the same loop without a journal is taken off.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Journal } from '../../sbc-runtime/src/journal/journal.ts';
import { fileIn } from '../../sbc-runtime/src/journal/journal-file.ts';
import { readJournal } from '../../sbc-runtime/src/journal/journal-text.ts';
import { MemoryFile } from '../../sbc-runtime/src/journal/testing/memory-file.ts';
import { silentLog } from '../../sbc-runtime/src/kernel/log.ts';
import { inNextTurn, systemClock } from '../../sbc-runtime/src/kernel/system-clock.ts';
import { Agent } from '../kit/agent.ts';
import { oneTrunkEach } from '../kit/setups.ts';
import { World } from '../kit/world.ts';

const ROUNDS = 5;
const SECONDS = 8;
const HELD_MS = 3000;
/** As long as those of Teams are. */
const SDP_OCTETS = 1000;

type Snapshot = Record<'caller' | 'callee', { localSdp: string; remoteSdp: string }>;

async function aSnapshot(): Promise<Snapshot> {
  const file = new MemoryFile();
  const world = new World(oneTrunkEach.state, { journal: file });
  const { clock, network } = world;
  const agent = (name: 'teams' | 'pbx') =>
    new Agent({
      ...{ clock, network, setup: oneTrunkEach.parties[name], onProblem: () => undefined },
      planFor: () => ({ answers: { afterMs: 500, status: 200 } }),
    });
  agent('pbx');
  agent('teams').places({}, '+498912345');
  await world.passes(1000);
  const { entries } = readJournal(file.text, (_, entry) => entry);
  if (entries.length === 0) throw new Error('Cannot measure: the call was not written');
  const snapshot = entries[0] as Snapshot;
  for (const side of [snapshot.caller, snapshot.callee])
    for (const name of ['localSdp', 'remoteSdp'] as const)
      side[name] += `a=x-pad:${'x'.repeat(Math.max(0, SDP_OCTETS - side[name].length))}\r\n`;
  return snapshot;
}

/** Milliseconds of processor time for so many calls. */
async function spent(journal: Journal | undefined, snapshot: Snapshot, callsPerSecond: number): Promise<number> {
  const before = process.cpuUsage();
  const held: { readonly id: string; readonly overMs: number }[] = [];
  const startMs = performance.now();
  let over = 0;
  for (let calls = 0; calls < SECONDS * callsPerSecond;) {
    await pause(10);
    const nowMs = performance.now();
    for (; calls < ((nowMs - startMs) * callsPerSecond) / 1000; calls += 1) {
      const id = String(calls).padStart(24, '0');
      const atMs = calls;
      journal?.changed({ id, snapshot: () => ({ ...snapshot, atMs }) });
      held.push({ id, overMs: nowMs + HELD_MS });
    }
    for (let call = held[over]; call !== undefined && call.overMs < nowMs; call = held[over]) {
      journal?.over(call.id);
      over += 1;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const callsPerSecond = Number(process.argv[2] ?? 300);
const snapshot = await aSnapshot();
const directory = mkdtempSync(join('/dev/shm', 'journal-cost-'));
const clock = systemClock({ onError: (error) => process.stderr.write(`${String(error)}\n`) });
const costs: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const without = await spent(undefined, snapshot, callsPerSecond);
  const file = fileIn(directory);
  const journal = new Journal({ clock, log: silentLog, file, nextTurn: () => new Promise<void>(inNextTurn) });
  const withJournal = await spent(journal, snapshot, callsPerSecond);
  costs.push(((withJournal - without) * 1000) / (SECONDS * callsPerSecond));
  process.stdout.write(
    `round ${round + 1}: ${costs.at(-1)?.toFixed(1) ?? ''} us a call, file ${journal.size} octets\n`,
  );
  await journal.close();
  file.remove();
}
rmSync(directory, { recursive: true });
const median = costs.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
process.stdout.write(`${JSON.stringify(snapshot).length} characters a call, median ${median.toFixed(1)} us a call\n`);
