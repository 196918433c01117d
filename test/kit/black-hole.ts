/** An address and port that swallow connections: the kernel drops each SYN, as a firewall or a lost route does. */
import { connect, type Socket } from 'node:net';
import { RunningProcess } from './process.ts';

const PROGRAM = `
const [host, port] = process.argv.slice(1);
require('node:net').createServer().listen({ host, port: Number(port), backlog: 1 }, () => console.log('listening'));
`;
/** A handshake on the loopback interface takes microseconds. */
const CONNECTS_WITHIN_MS = 200;
const MAX_FILLERS = 16;

/** A listener that is stopped and accepts nothing, with a queue that is full. */
export class BlackHole {
  readonly #process: RunningProcess;
  readonly #fillers: readonly Socket[];

  private constructor(listener: RunningProcess, fillers: readonly Socket[]) {
    this.#process = listener;
    this.#fillers = fillers;
  }

  static async open(address: string, port: number): Promise<BlackHole> {
    const listener = new RunningProcess(process.execPath, ['-e', PROGRAM, address, String(port)], {
      name: 'black hole',
    });
    await listener.waitForLine(/^listening$/);
    listener.signal('SIGSTOP');
    const fillers: Socket[] = [];
    const hole = new BlackHole(listener, fillers);
    while (fillers.length < MAX_FILLERS) {
      const socket = connect(port, address);
      socket.on('error', () => undefined);
      fillers.push(socket);
      if (!(await connects(socket))) return hole;
    }
    await hole.close();
    throw new Error(`Cannot fill the queue of ${address}:${port}: ${MAX_FILLERS} connections fit`);
  }

  async close(): Promise<void> {
    for (const socket of this.#fillers) socket.destroy();
    this.#process.signal('SIGCONT');
    await this.#process.end();
  }
}

function connects(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CONNECTS_WITHIN_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
