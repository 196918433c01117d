/** A block of loopback addresses for each test, so that tests with fixed ports never meet: 127.x.y.1 to 127.x.y.250. */
import { createServer, type Server } from 'node:net';
import { randomInt } from 'node:crypto';

/** Held open on the block's last address for as long as the block is in use, by any process on this machine. */
const LOCK_PORT = 65_000;
const ATTEMPTS = 50;

export class AddressBlock {
  readonly prefix: string;
  readonly #lock: Server;

  constructor(prefix: string, lock: Server) {
    this.prefix = prefix;
    this.#lock = lock;
  }

  /** The block as the trunks' `allowCIDRs` wants it. */
  get cidr(): string {
    return `${this.prefix}.0/24`;
  }

  address(host: number): string {
    if (host < 1 || host > 250) throw new RangeError(`Cannot give address ${host}: a block has 1 to 250`);
    return `${this.prefix}.${host}`;
  }

  release(): void {
    this.#lock.close();
  }
}

function lock(address: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen(LOCK_PORT, address, () => {
      server.unref();
      resolve(server);
    });
  });
}

export async function freeBlock(): Promise<AddressBlock> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // 127.0.0.0/16 is where people's own services and the benchmarks listen.
    const prefix = `127.${randomInt(16, 240)}.${randomInt(1, 255)}`;
    const held = await lock(`${prefix}.254`);
    if (held) return new AddressBlock(prefix, held);
  }
  throw new Error(`Cannot find a free loopback block: ${ATTEMPTS} attempts failed`);
}
