/** The operator of the bench: a process of its own, its cost from /proc and from its own metrics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { repository } from '../../cluster/kit/binaries.ts';
import { until } from '../../cluster/kit/until.ts';
import { RunningProcess } from '../../kit/process.ts';
import { namespace } from './manifests.ts';

/** Linux counts CPU time in hundredths of a second (`getconf CLK_TCK`). */
const TICK_MS = 10;

export class OperatorRun {
  readonly #process: RunningProcess;
  readonly #url: string;

  private constructor(running: RunningProcess, url: string) {
    this.#process = running;
    this.#url = url;
  }

  /** Milliseconds from start until `/readyz` says that the caches are synced come with it. */
  static async start(cluster: ControlPlane): Promise<{ operator: OperatorRun; syncedMs: number }> {
    const main = join(repository, 'operator/src/cluster/main.ts');
    const address = cluster.block.address(50);
    const args = [main, `--namespace=${namespace}`, `--leader-election-namespace=${namespace}`, '--health-port=8081'];
    const started = performance.now();
    const running = new RunningProcess(process.execPath, args, {
      name: 'operator',
      // As the Deployment has it.
      env: {
        KUBECONFIG: cluster.kubeconfig,
        HEALTH_HOST: address,
        NODE_OPTIONS: '--max-semi-space-size=2 --max-old-space-size=384',
        MALLOC_ARENA_MAX: '2',
      },
    });
    cluster.endsWith(() => running.end());
    const operator = new OperatorRun(running, `http://${address}:8081`);
    await until(async () => (await fetch(`${operator.#url}/readyz`).catch(() => undefined))?.ok === true, {
      what: 'the operator is ready',
    });
    return { operator, syncedMs: performance.now() - started };
  }

  cpuMs(): number {
    const stat = readFileSync(`/proc/${String(this.#process.pid)}/stat`, 'latin1');
    // proc(5): the name in parentheses may hold spaces; utime and stime are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  rssMiB(): number {
    const status = readFileSync(`/proc/${String(this.#process.pid)}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
  }

  /** Writes to the API server since the start, by resource; the Lease is one of them. */
  async writes(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const writes = new Map<string, number>();
    for (const [, labels = '', value] of text.matchAll(/^sbc_operator_api_requests_total\{([^}]*)\} (\d+)$/gm)) {
      const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
      if (['get', 'list', 'watch'].includes(label('verb').toLowerCase())) continue;
      writes.set(label('resource'), (writes.get(label('resource')) ?? 0) + Number(value));
    }
    return writes;
  }

  async end(): Promise<void> {
    await this.#process.end();
  }
}
