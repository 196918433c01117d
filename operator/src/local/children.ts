/** Who our children are, on disk: those that outlived an `sbc local` which was killed are ended before new ones start. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { sleep } from '../kernel/clock.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { identify, isStillRunning } from './process-identity.ts';
import { parseIdentity } from './run-lock.ts';

const suffix = '.pid';

/** Synchronous: between the start of a child and this line nothing may happen. */
export function rememberChild(podDirectory: string, container: string, pid: number): void {
  writeFileSync(join(podDirectory, container + suffix), JSON.stringify(identify(pid) ?? { pid, startedAt: '' }), {
    mode: 0o600,
  });
}

export function forgetChild(podDirectory: string, container: string): void {
  rmSync(join(podDirectory, container + suffix), { force: true });
}

/** @returns what was ended, as `sbc-0/runtime pid 1234` */
export async function endLeftovers(runDirectory: string, clock: Clock): Promise<string[]> {
  const children: { readonly label: string; readonly child: ProcessIdentity }[] = [];
  for (const pod of readdirSync(runDirectory, { withFileTypes: true })) {
    if (!pod.isDirectory()) continue;
    for (const name of readdirSync(join(runDirectory, pod.name))) {
      if (!name.endsWith(suffix)) continue;
      const path = join(runDirectory, pod.name, name);
      const child = parseIdentity(readFileSync(path, 'utf8'));
      rmSync(path, { force: true });
      // Without a start there is no telling whether the id is somebody else's by now.
      if (child === undefined || child.startedAt === '' || !isStillRunning(child)) continue;
      children.push({ label: `${pod.name}/${name.slice(0, -suffix.length)} pid ${String(child.pid)}`, child });
    }
  }
  for (const { child } of children) process.kill(child.pid, 'SIGKILL');
  for (let waited = 0; waited < 50 && children.some(({ child }) => isStillRunning(child)); waited++)
    await sleep(clock, 20);
  return children.map(({ label }) => label);
}
