/** The files of a ServiceAccount (`/var/run/secrets/kubernetes.io/serviceaccount`). The kubelet renews the token every hour or so: it is read again for each request. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Credentials {
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** A token has one to two kilobytes, a CA bundle a few more. */
const MAX_OCTETS = 256 * 1024;
/** What a header field may hold, and no more than that. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Throws where a file is missing or holds nothing that can be sent. */
export function readCredentials(directory: string): Credentials {
  const ca = read(join(directory, 'ca.crt'));
  const token = read(join(directory, 'token')).trim();
  if (!TOKEN.test(token)) throw new Error(`${join(directory, 'token')} holds no token`);
  return { ca, token };
}

function read(path: string): string {
  const content = readFileSync(path);
  if (content.length > MAX_OCTETS) throw new Error(`${path} has more than ${MAX_OCTETS} octets`);
  return content.toString('latin1');
}
