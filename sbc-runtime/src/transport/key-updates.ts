/** A bound on TLS 1.3 KeyUpdates, which cost the processor and reach nobody. */
import type { TLSSocket } from 'node:tls';

/**
 * Calls `tooMany` once, while OpenSSL is at work on the connection: it must not be destroyed in this turn. KeyUpdates never reach us: OpenSSL answers them while it reads, a dozen microseconds each.
 * But it tells each new secret to whoever keeps a key log; the secret itself is of no interest here.
 */
export function limitKeyUpdates(socket: TLSSocket, maxKeyUpdates: number, tooMany: () => void): void {
  let updates = 0;
  socket.on('keylog', () => {
    updates += 1;
    if (updates !== maxKeyUpdates) return;
    const handle: unknown = Reflect.get(socket, '_handle');
    if (canStop(handle)) handle.readStop();
    tooMany();
  });
}

const canStop = (handle: unknown): handle is { readStop(): void } =>
  typeof handle === 'object' && handle !== null && 'readStop' in handle && typeof handle.readStop === 'function';
