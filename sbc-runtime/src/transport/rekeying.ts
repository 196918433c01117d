/** A bound on what a secure connection may spend on its own keys: it costs the processor and reaches nobody. */
import type { TLSSocket } from 'node:tls';

export interface RekeyingLimits {
  readonly maxKeyUpdates: number;
  readonly maxRenegotiations: number;
}

type TooMany = 'too-many-key-updates' | 'too-many-renegotiations';

/** Calls `tooMany` once, while OpenSSL is at work on the connection: it must not be destroyed in this turn. No more is read then. */
export function limitRekeying(socket: TLSSocket, limits: RekeyingLimits, tooMany: (what: TooMany) => void): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (!isHandle(handle)) return;
  const stop = (what: TooMany) => {
    handle.readStop();
    tooMany(what);
  };
  if (socket.getProtocol() === 'TLSv1.3') limitKeyUpdates(socket, limits.maxKeyUpdates, stop);
  else limitRenegotiations(handle, limits.maxRenegotiations, stop);
}

/**
 * KeyUpdates never reach us: OpenSSL answers them while it reads, a dozen microseconds each. But it tells each new secret to whoever
 * keeps a key log; the secret itself is of no interest here.
 */
function limitKeyUpdates(socket: TLSSocket, most: number, stop: (what: TooMany) => void): void {
  let updates = 0;
  socket.on('keylog', () => {
    updates += 1;
    if (updates === most) stop('too-many-key-updates');
  });
}

/**
 * OpenSSL refuses each with a warning (SSL_OP_NO_RENEGOTIATION) and goes on reading, and Node tells of each twice, which costs ten times
 * as much as the refusal. So nobody listens any more once it is enough: 2000 of them, which one read brings, are 8 ms of work, not 70.
 */
function limitRenegotiations(handle: Handle, most: number, stop: (what: TooMany) => void): void {
  let attempts = 0;
  handle.onhandshakedone = undefined;
  handle.onhandshakestart = () => {
    attempts += 1;
    if (attempts <= most) return;
    handle.onhandshakestart = undefined;
    stop('too-many-renegotiations');
  };
}

/** Of Node's own, and in no documentation. */
interface Handle {
  readStop(): void;
  onhandshakestart: unknown;
  onhandshakedone: unknown;
}

const isHandle = (handle: unknown): handle is Handle =>
  typeof handle === 'object' && handle !== null && 'readStop' in handle && typeof handle.readStop === 'function';
