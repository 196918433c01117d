/** `make soak`: a day with one million calls, or as many as the first argument says. Exit code 1 where anything is left, or memory grows. */
import { soak } from './soak.ts';

const calls = Number(process.argv[2] ?? 1_000_000);
/** What live objects may differ from the first figure: caches of the engine, and the calls that run at the moment. */
const MAY_GROW_MIB = 6;

const startMs = performance.now();
const write = (line: string) =>
  process.stdout.write(`${((performance.now() - startMs) / 1000).toFixed(1)} s  ${line}\n`);
const result = soak(calls, write);
const [first = 0, ...later] = result.heapMiB;
const grows = later.some((heap) => heap > first + MAY_GROW_MIB);
write(`${result.calls} calls, ${result.messages} messages: ${JSON.stringify(Object.fromEntries(result.ends))}`);
write(`at most ${JSON.stringify(result.peak)}, trace ring ${JSON.stringify(result.traced)}`);
for (const line of [...result.problems, ...result.left]) write(line);
if (grows) write(`the heap has grown: ${result.heapMiB.map((heap) => heap.toFixed(1)).join(', ')} MiB`);
process.exitCode = grows || result.problems.length + result.left.length > 0 ? 1 : 0;
