/** Whether the sockets of a pod can be bound: they are bound and closed again, all at once so that two wishes for one port meet. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { HostPort } from './host-ports.ts';

export interface PortFault {
  readonly port: HostPort;
  /** The manifest field to change. */
  readonly field: string;
  readonly message: string;
}

type Held = { readonly close: () => Promise<void> } | { readonly code: string };

export async function portFaults(ports: readonly HostPort[]): Promise<PortFault[]> {
  const faults: PortFault[] = [];
  const absent = new Set<string>();
  const held = new Map<string, Held & { close: () => Promise<void> }>();
  for (const port of ports) {
    const key = `${port.protocol} ${port.address}:${String(port.port)}`;
    const { address, addressField, field } = port;
    if (held.has(key)) {
      const message = `found ${key}, which another pod of this directory has too, allowed a port or address of its own`;
      faults.push({ port, field, message });
      continue;
    }
    const outcome = port.protocol === 'UDP' ? await holdUdp(port) : await holdTcp(port);
    if ('close' in outcome) {
      held.set(key, outcome);
    } else if (outcome.code !== 'EADDRNOTAVAIL') {
      faults.push({ port, field, message: faultText(key, outcome.code) });
    } else if (!absent.has(address)) {
      absent.add(address);
      const message = `found ${address}, which is no address of this machine, allowed one that it has (as bindAddress, where the public one is another)`;
      faults.push({ port, field: addressField, message });
    }
  }
  await Promise.all([...held.values()].map(({ close }) => close()));
  return faults;
}

function faultText(key: string, code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `found ${key}, which another process has bound: end that process ('ss -lnup' and 'ss -lntp' name it) or choose another port`;
    case 'EACCES':
      return `found ${key}, which this user may not bind: choose a port above 1023`;
    default:
      return `found ${key}, which cannot be bound (${code})`;
  }
}

function holdUdp({ address, port }: HostPort): Promise<Held> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
    socket.once('error', (error) => {
      socket.close();
      resolve({ code: codeOf(error) });
    });
    socket.bind({ address, port, exclusive: true }, () =>
      resolve({ close: () => new Promise((closed) => void socket.close(() => closed())) }),
    );
  });
}

function holdTcp({ address, port }: HostPort): Promise<Held> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve({ code: codeOf(error) }));
    server.listen({ host: address, port, exclusive: true }, () =>
      resolve({ close: () => new Promise((closed) => void server.close(() => closed())) }),
    );
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
