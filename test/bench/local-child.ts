/** Our SBC in local mode, pinned to the SBC's core from the start, as a child of the bench. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Pids {
  readonly runtime: number;
  readonly rtpengine: number | undefined;
}

const top = new URL('../../', import.meta.url).pathname;

export class LocalChild {
  readonly #process: ChildProcess;
  readonly pids: Pids;

  private constructor(process: ChildProcess, pids: Pids) {
    this.#process = process;
    this.pids = pids;
  }

  /** Resolves once every container has said that it is ready. */
  static async start(directory: string, withRelay: boolean): Promise<LocalChild> {
    // `lab names` shows the bench's name server and hosts to what it runs; the pid stays the same.
    const child = spawn(
      'taskset',
      [
        '-c',
        process.env['SBC_CPU'] ?? '0',
        `${top}test/bench/lab`,
        'names',
        process.execPath,
        `${top}operator/bin/sbc.mjs`,
        'local',
        directory,
        '--output',
        'json',
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const found = new Map<string, number>();
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as { event: string; container?: string; pid?: number };
      if (event.event === 'ready' && event.container !== undefined && event.pid !== undefined)
        found.set(event.container, event.pid);
      const runtime = found.get('runtime');
      if (runtime !== undefined && (!withRelay || found.has('rtpengine'))) {
        child.stdout.resume();
        return new LocalChild(child, { runtime, rtpengine: found.get('rtpengine') });
      }
    }
    throw new Error('Cannot measure: sbc local ended before it was ready');
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#process.once('exit', () => resolve()));
    this.#process.kill('SIGTERM');
    await ended;
  }
}
