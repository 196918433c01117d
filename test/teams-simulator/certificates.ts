/** Certificates of a directory, made on the spot where there are none: a root, Microsoft's and the SBC's. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pki } from '../kit/pki.ts';
import type { KeyPair } from './data-centres.ts';

export interface Certificates {
  readonly identity: KeyPair;
  readonly trust: string;
  /** They were not there before. */
  readonly isNew: boolean;
}

/** `names`: what the SBC is called, first its FQDN. */
export async function certificatesIn(directory: string, names: readonly string[]): Promise<Certificates> {
  const at = (name: string) => join(directory, name);
  const isNew = !existsSync(at('ca.crt'));
  if (isNew) await make(at, directory, names);
  return {
    identity: {
      certificate: readFileSync(at('microsoft.crt'), 'latin1'),
      key: readFileSync(at('microsoft.key'), 'latin1'),
    },
    trust: readFileSync(at('ca.crt'), 'latin1'),
    isNew,
  };
}

async function make(at: (name: string) => string, directory: string, names: readonly string[]): Promise<void> {
  const [fqdn, ...others] = names;
  if (fqdn === undefined)
    throw new Error(`Cannot make certificates in ${directory}: name the SBC with --host or --sbc`);
  const workshop = mkdtempSync(join(tmpdir(), 'teams-simulator-'));
  try {
    const pki = await Pki.create(workshop);
    const microsoft = await pki.microsoft();
    const sbc = await pki.leaf({ names: [fqdn, ...others] });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Keys first, the root last: it says that all is there.
    copyFileSync(microsoft.keyFile, at('microsoft.key'));
    copyFileSync(microsoft.certificateFile, at('microsoft.crt'));
    copyFileSync(sbc.keyFile, at('sbc.key'));
    copyFileSync(sbc.certificateFile, at('sbc.crt'));
    copyFileSync(pki.rootFile, at('ca.crt'));
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}
