/** Speaks to a runtime's admin socket: HTTP on a unix socket. */
import { request } from 'node:http';
import { parseRuntimeReport } from '@teams-sbc/crds/runtime';
import type { RuntimeReport } from '@teams-sbc/crds/runtime';
import { LocalError } from './local-error.ts';

export interface AdminReply {
  readonly status: number;
  readonly body: string;
}

const timeoutMs = 5_000;
const maxBytes = 16 * 1024 * 1024;

/** Rejects with a `LocalError` where nobody answers. */
export function askAdmin(socketPath: string, path: string): Promise<AdminReply> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new LocalError(`Cannot ask ${socketPath}: ${reason}`));
    const outgoing = request({ socketPath, path, timeout: timeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) outgoing.destroy(new Error(`the answer has more than ${String(maxBytes)} bytes`));
        else chunks.push(chunk);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', (error) => fail(error.message));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', (error) => {
      const isAway = 'code' in error && (error.code === 'ENOENT' || error.code === 'ECONNREFUSED');
      fail(isAway ? "nothing runs there, start it with 'sbc local'" : error.message);
    });
    outgoing.end();
  });
}

/** undefined while the runtime cannot be asked. */
export async function readReport(socketPath: string): Promise<RuntimeReport | undefined> {
  try {
    const { status, body } = await askAdmin(socketPath, '/status');
    const parsed = status === 200 ? parseRuntimeReport(body) : undefined;
    return parsed?.ok === true ? parsed.report : undefined;
  } catch (error) {
    if (error instanceof LocalError) return undefined;
    throw error;
  }
}
