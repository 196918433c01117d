/** Throw-away certificates made by the openssl program: one root as Microsoft's and our public CA, one that nobody trusts. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './process.ts';

/** Key and chain as PEM text and as files of mode 600. */
export interface Leaf {
  readonly certificate: string;
  readonly key: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Chain and key in one file, as baresip wants them. */
  readonly bothFile: string;
}

export interface LeafRequest {
  /** DNS names and IP addresses; the first is the common name too. */
  readonly names: readonly [string, ...string[]];
  /** Default: both. */
  readonly usages?: readonly ('serverAuth' | 'clientAuth')[];
  /** `rogue`: a root with the same subject as the trusted one, but with another key. */
  readonly issuer?: 'trusted' | 'rogue';
  /** Its validity ended yesterday. */
  readonly expired?: boolean;
  /** How long it is valid from now on. @default 90 */
  readonly days?: number;
}

const MICROSOFT_NAMES = [
  'sip.pstnhub.microsoft.com',
  'sip2.pstnhub.microsoft.com',
  'sip3.pstnhub.microsoft.com',
  '*.pstnhub.microsoft.com',
] as const;

export class Pki {
  readonly directory: string;
  /** PEM of the root that both sides trust. */
  readonly root: string;
  readonly rootFile: string;
  readonly #leaves = new Map<string, Promise<Leaf>>();

  private constructor(directory: string) {
    this.directory = directory;
    this.rootFile = join(directory, 'trusted', 'ca.crt');
    this.root = readFileSync(this.rootFile, 'latin1');
  }

  /** @param name Common name of its roots */
  static async create(directory: string, name = 'Test root CA'): Promise<Pki> {
    for (const issuer of ['trusted', 'rogue']) {
      const home = join(directory, issuer);
      mkdirSync(home, { recursive: true, mode: 0o700 });
      // RSA-2048, as public CAs issue: docs of Teams list ECDHE_RSA suites only.
      await openssl(
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-sha256',
          '-days',
          '120',
          '-subj',
          `/O=teams-sbc test/CN=${name}`,
        ],
        ['-keyout', join(home, 'ca.key'), '-out', join(home, 'ca.crt')],
        ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
      );
    }
    return new Pki(directory);
  }

  /** The SBC's certificate: its FQDN and `*.` below it, both usages. */
  sbc(fqdn: string): Promise<Leaf> {
    return this.leaf({ names: [fqdn, `*.${fqdn}`] });
  }

  /** Microsoft's side, with all of its names; `addresses` for peers that are dialled by address (baresip writes one into its Contact). */
  microsoft(addresses: readonly string[] = []): Promise<Leaf> {
    return this.leaf({ names: [...MICROSOFT_NAMES, ...addresses] });
  }

  /** What Microsoft presents from 2026 on, also as a client (docs/teams-direct-routing.md T8). */
  microsoftServerAuthOnly(): Promise<Leaf> {
    return this.leaf({ names: [...MICROSOFT_NAMES], usages: ['serverAuth'] });
  }

  rogueMicrosoft(): Promise<Leaf> {
    return this.leaf({ names: [...MICROSOFT_NAMES], issuer: 'rogue' });
  }

  expiredMicrosoft(): Promise<Leaf> {
    return this.leaf({ names: [...MICROSOFT_NAMES], expired: true });
  }

  wrongName(): Promise<Leaf> {
    return this.leaf({ names: ['sip.example.org'] });
  }

  /** Made once for each request, then remembered. */
  leaf(request: LeafRequest): Promise<Leaf> {
    const key = JSON.stringify(request);
    let leaf = this.#leaves.get(key);
    if (!leaf) {
      leaf = this.#issue(request, `leaf-${this.#leaves.size + 1}`);
      this.#leaves.set(key, leaf);
    }
    return leaf;
  }

  async #issue(request: LeafRequest, name: string): Promise<Leaf> {
    const { names, usages = ['serverAuth', 'clientAuth'], issuer = 'trusted', expired = false, days = 90 } = request;
    const home = join(this.directory, issuer);
    const file = (extension: string) => join(this.directory, `${name}.${extension}`);
    writeFileSync(
      file('ext'),
      [
        'basicConstraints=CA:FALSE',
        'keyUsage=critical,digitalSignature,keyEncipherment',
        `extendedKeyUsage=${usages.join(',')}`,
        `subjectAltName=${names.map((each) => `${isIP(each) ? 'IP' : 'DNS'}:${each}`).join(',')}`,
        '',
      ].join('\n'),
    );
    await openssl(
      ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-sha256', '-subj', `/CN=${names[0]}`],
      ['-keyout', file('key'), '-out', file('csr')],
    );
    await (expired ? this.#signExpired(home, file) : this.#sign(home, file, days));
    const certificate = readFileSync(file('leaf'), 'latin1') + readFileSync(join(home, 'ca.crt'), 'latin1');
    const key = readFileSync(file('key'), 'latin1');
    writeFileSync(file('crt'), certificate, { mode: 0o600 });
    writeFileSync(file('pem'), certificate + key, { mode: 0o600 });
    return { certificate, key, certificateFile: file('crt'), keyFile: file('key'), bothFile: file('pem') };
  }

  async #sign(home: string, file: (extension: string) => string, days: number): Promise<void> {
    await openssl(
      ['x509', '-req', '-sha256', '-days', String(days), '-in', file('csr'), '-out', file('leaf')],
      ['-CA', join(home, 'ca.crt'), '-CAkey', join(home, 'ca.key'), '-CAcreateserial', '-extfile', file('ext')],
    );
  }

  /** Only `openssl ca` writes a validity that lies in the past. */
  async #signExpired(home: string, file: (extension: string) => string): Promise<void> {
    writeFileSync(file('index'), '');
    writeFileSync(
      file('cnf'),
      [
        '[ca]',
        'default_ca = test',
        '[test]',
        `database = ${file('index')}`,
        `new_certs_dir = ${home}`,
        'rand_serial = yes',
        'default_md = sha256',
        'policy = anything',
        '[anything]',
        'commonName = supplied',
        '',
      ].join('\n'),
    );
    const day = (daysAgo: number) =>
      `${new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}000000Z`;
    await openssl(
      [
        'ca',
        '-batch',
        '-notext',
        '-config',
        file('cnf'),
        '-in',
        file('csr'),
        '-out',
        file('leaf'),
        '-extfile',
        file('ext'),
      ],
      ['-cert', join(home, 'ca.crt'), '-keyfile', join(home, 'ca.key'), '-startdate', day(60), '-enddate', day(1)],
    );
  }
}

async function openssl(...args: readonly (readonly string[])[]): Promise<void> {
  await run('openssl', args.flat());
}

let shared: Promise<Pki> | undefined;

/** One PKI for all tests of a process; its directory goes when the process does. */
export function sharedPki(): Promise<Pki> {
  if (!shared) {
    const directory = mkdtempSync(join(tmpdir(), 'teams-sbc-pki-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    shared = Pki.create(directory);
  }
  return shared;
}
