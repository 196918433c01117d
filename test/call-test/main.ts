/** `helm test`: places calls through an SBC of its own and says in plain words what does not work. Exit code 0 or 1. */
import { Report } from './report.ts';
import { runCallTest } from './run.ts';
import { readSettings } from './settings.ts';

const interrupted = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => interrupted.abort());

const report = new Report((line) => process.stdout.write(`${line}\n`));
try {
  await runCallTest(readSettings(process.env), report, interrupted.signal);
} catch (error) {
  report.failed(error);
}
process.exitCode = report.hasFailed ? 1 : 0;
