/** The real helm against a control plane of the tests, without the home directory of whoever runs them. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { binary, repository } from '../kit/binaries.ts';
import type { ControlPlane } from '../kit/control-plane.ts';

export const chart = join(repository, 'charts/teams-sbc');
export const systemNamespace = 'teams-sbc-system';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Helm {
  readonly #cluster: ControlPlane;

  constructor(cluster: ControlPlane) {
    this.#cluster = cluster;
  }

  /** Its standard output. @throws Error with its standard error */
  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#end(args);
    if (code !== 0) throw new Error(`helm ${args.join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim()}`);
    return stdout;
  }

  /** What it says when it refuses. @throws Error where it does not */
  async refused(...args: string[]): Promise<string> {
    const { code, stderr } = await this.#end(args);
    if (code === 0) throw new Error(`helm ${args.join(' ')} was not refused`);
    return stderr.trim();
  }

  /** What the chart renders, as text. */
  template(...args: string[]): Promise<string> {
    return this.run('template', 'teams-sbc', chart, '--namespace', systemNamespace, '--kube-version=1.34.4', ...args);
  }

  async #end(args: readonly string[]): Promise<Ended> {
    const { kubeconfig, directory, over } = this.#cluster;
    const child = spawn(binary('helm'), args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: directory, KUBECONFIG: kubeconfig },
      signal: over,
      killSignal: 'SIGKILL',
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, stdout, stderr };
  }
}
