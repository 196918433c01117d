/** The real kubectl, without the home directory of whoever runs the tests. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { binary } from './binaries.ts';

export interface KubectlOptions {
  readonly kubeconfig?: string;
  /** Its standard input. */
  readonly input?: string;
  /** Exit codes that are answers, such as 1 of `kubectl diff`. Default: only 0. */
  readonly codes?: readonly number[];
  /** Kills it. */
  readonly signal?: AbortSignal;
}

export class KubectlError extends Error {
  readonly code: number | null;
  readonly stderr: string;

  constructor(args: readonly string[], code: number | null, stderr: string) {
    super(`kubectl ${args.join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim()}`);
    this.code = code;
    this.stderr = stderr;
  }
}

export async function kubectl(
  { kubeconfig, input = '', codes = [0], signal, home }: KubectlOptions & { readonly home: string },
  args: readonly string[],
): Promise<string> {
  const child = spawn(
    binary('kubectl'),
    [...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]), ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: home },
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    },
  );
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code === null || !codes.includes(code)) throw new KubectlError(args, code, stderr);
  return stdout;
}
