/** Names from the hosts file (hosts(5)); asked before DNS, read again when the file changes. */
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Clock } from '../kernel/clock.ts';

/** How old the last look at the file's date may be. */
const LOOK_EVERY_MS = 1000;
/** A larger file is no hosts file. */
const MAX_BYTES = 1024 * 1024;

const NOTHING: readonly string[] = [];

export class HostsFile {
  readonly #path: string | undefined;
  readonly #clock: Clock;
  #byName: ReadonlyMap<string, readonly string[]> = new Map();
  #version = '';
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  /** Without a path, and where the file cannot be read, it knows no names. */
  constructor(dependencies: { readonly path: string | undefined; readonly clock: Clock }) {
    this.#path = dependencies.path;
    this.#clock = dependencies.clock;
  }

  /** The addresses of a name, in the file's order; empty where it is not there. */
  addresses(name: string): readonly string[] {
    this.#refresh();
    return this.#byName.get(name.toLowerCase()) ?? NOTHING;
  }

  #refresh(): void {
    if (this.#path === undefined) return;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = nowMs;
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version === this.#version) return;
      this.#byName =
        size > MAX_BYTES ? new Map<string, readonly string[]>() : parseHosts(readFileSync(this.#path, 'latin1'));
      this.#version = version;
    } catch {
      this.#byName = new Map();
      this.#version = '';
    }
  }
}

export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const comment = line.indexOf('#');
    const [address, ...names] = (comment === -1 ? line : line.slice(0, comment)).trim().split(/\s+/);
    if (address === undefined || isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const addresses = byName.get(key) ?? [];
      if (!addresses.includes(address)) addresses.push(address);
      byName.set(key, addresses);
    }
  }
  return byName;
}
