/** What `/status` shows and asks for: its certificate, its key, and the token of whoever may read it; from the files of the mounted Secret. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';

export type StatusFiles =
  | { readonly ok: true; readonly certificate: string; readonly key: string; readonly token: string }
  | { readonly ok: false; readonly problem: string };

const MIN_TOKEN = 16;
const MAX_OCTETS = 64 * 1024;
const BEARER = /^bearer +([\x21-\x7e]{1,1024})$/i;

export class StatusCredentials {
  readonly #directory: string;
  #files: StatusFiles | undefined;
  #context: SecureContext | undefined;
  /** Hashes: two of them have the same length, whatever is sent. The first is today's, the second the one before it. */
  #tokens: readonly Buffer[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined: nobody can be let in yet. */
  get context(): SecureContext | undefined {
    return this.#context;
  }

  /** Looks at the files. What cannot be used leaves what is in force; the answer says why. Undefined: all is well. */
  reload(): string | undefined {
    const files = readFiles(this.#directory);
    if (!files.ok) return files.problem;
    const before = this.#files;
    if (before?.ok === true && isSame(before, files)) return undefined;
    try {
      const { certificate: cert, key } = files;
      // TLS 1.3 alone: the operator speaks it, and a stranger cannot ask for another handshake on the same connection.
      this.#context = createSecureContext({ cert, key, minVersion: 'TLSv1.3' });
    } catch (error) {
      return `${this.#directory}: certificate and key cannot be used (${error instanceof Error ? error.message : 'no reason'})`;
    }
    const token = hashOf(files.token);
    // Operator and kubelet do not change hands at the same moment: the one before it goes on for as long as there is no third.
    if (this.#tokens[0]?.equals(token) !== true) this.#tokens = [token, ...this.#tokens.slice(0, 1)];
    this.#files = files;
    return undefined;
  }

  /** @param head of a request, all in front of the empty line */
  permits(head: string): boolean {
    const shown = hashOf(bearerOf(head) ?? '');
    let isKnown = false;
    for (const token of this.#tokens) if (timingSafeEqual(token, shown)) isKnown = true;
    return isKnown;
  }
}

function readFiles(directory: string): StatusFiles {
  try {
    const read = (name: string): string => {
      const content = readFileSync(join(directory, name));
      if (content.length > MAX_OCTETS) throw new Error(`${join(directory, name)} has more than ${MAX_OCTETS} octets`);
      return content.toString('latin1');
    };
    const token = read('token').trim();
    if (token.length < MIN_TOKEN)
      return { ok: false, problem: `${join(directory, 'token')} is too short to be a token` };
    return { ok: true, certificate: read('tls.crt'), key: read('tls.key'), token };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function isSame(before: Extract<StatusFiles, { ok: true }>, now: Extract<StatusFiles, { ok: true }>): boolean {
  return before.certificate === now.certificate && before.key === now.key && before.token === now.token;
}

/** Undefined where there is none, or more than one. */
function bearerOf(head: string): string | undefined {
  const found = head
    .split('\r\n')
    .slice(1)
    .filter((line) => line.slice(0, 'authorization:'.length).toLowerCase() === 'authorization:');
  const [only] = found;
  if (only === undefined || found.length > 1) return undefined;
  return BEARER.exec(only.slice('authorization:'.length).trim())?.[1];
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}
