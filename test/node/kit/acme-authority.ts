/**
 * What Let's Encrypt and a DNS provider are outside: pebble, an authority that issues by ACME, and Knot, a name server that takes
 * updates (RFC 2136) from who has the key. cert-manager proves its names by DNS-01.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Resolver } from 'node:dns/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ClusterProgram } from '../../cluster/kit/cluster-program.ts';
import { until } from '../../cluster/kit/until.ts';
import { secret } from '../../cluster/calls/manifests.ts';
import { Pki } from '../../kit/pki.ts';
import { addHostAddress, fabric } from './fabric.ts';
import { NAME_SERVER_HOST } from './node-files.ts';

export interface AcmeOptions {
  /** For keys, settings and logs. */
  readonly directory: string;
  /** For whose names it issues. */
  readonly domain: string;
}

const ACME_HOST = 121;
const ACME_PORT = 14_000;
const MANAGEMENT_PORT = 15_000;
const KEY_NAME = 'cert-manager';
const START_MS = 30_000;

export class AcmeAuthority {
  /** PEM of what its certificates chain to. */
  readonly root: string;
  readonly #pki: Pki;
  readonly #key: string;
  readonly #programs: readonly ClusterProgram[];

  private constructor(root: string, pki: Pki, key: string, programs: readonly ClusterProgram[]) {
    this.root = root;
    this.#pki = pki;
    this.#key = key;
    this.#programs = programs;
  }

  /** Can start before the cluster. */
  static async start({ directory, domain }: AcmeOptions): Promise<AcmeAuthority> {
    const [names, authority] = [fabric.address(NAME_SERVER_HOST), fabric.address(ACME_HOST)];
    mkdirSync(directory, { recursive: true });
    const [pki] = await Promise.all([
      Pki.create(join(directory, 'pki')),
      addHostAddress(names),
      addHostAddress(authority),
    ]);
    const key = randomBytes(32).toString('base64');
    const programs = [
      nameServer({ directory, domain, address: names, key }),
      await pebble({ directory, pki, address: authority, nameServer: names }),
    ];
    await Promise.all(programs.map((program) => program.start()));
    const root = await fetched(`https://${authority}:${MANAGEMENT_PORT}/roots/0`, pki.root);
    return new AcmeAuthority(root, pki, key, programs);
  }

  /** As it stands in the guide, with another server and another DNS provider. */
  manifests(name: string): object[] {
    const solver = {
      nameserver: `${fabric.address(NAME_SERVER_HOST)}:53`,
      tsigKeyName: KEY_NAME,
      tsigAlgorithm: 'HMACSHA256',
      tsigSecretSecretRef: { name: 'dns-key', key: 'secret' },
    };
    const acme = {
      server: `https://${fabric.address(ACME_HOST)}:${ACME_PORT}/dir`,
      email: 'voice@example.com',
      caBundle: Buffer.from(this.#pki.root).toString('base64'),
      privateKeySecretRef: { name: `${name}-account` },
      solvers: [{ dns01: { rfc2136: solver } }],
    };
    const key = secret('dns-key', 'Opaque', { secret: this.#key });
    return [
      // Where cert-manager looks for the Secrets of a ClusterIssuer.
      { ...key, metadata: { ...key.metadata, namespace: 'cert-manager' } },
      { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name }, spec: { acme } },
    ];
  }

  /** TXT records of that name, as its name server has them. */
  async recordsOf(name: string): Promise<string[]> {
    const resolver = new Resolver({ timeout: 1000, tries: 3 });
    resolver.setServers([fabric.address(NAME_SERVER_HOST)]);
    try {
      return (await resolver.resolveTxt(name)).flat();
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA'))
        return [];
      throw error;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
  }
}

interface NameServerParams extends AcmeOptions {
  readonly address: string;
  readonly key: string;
}

function nameServer({ directory, domain, address, key }: NameServerParams): ClusterProgram {
  const settings = join(directory, 'knot.conf');
  const log = join(directory, 'knotd.log');
  writeFileSync(
    settings,
    `server:
  listen: ${address}@53
  rundir: ${directory}
log:
  - target: stderr
    any: info
database:
  storage: ${directory}
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${key}
acl:
  - id: challenges
    key: ${KEY_NAME}
    action: update
zone:
  - domain: ${domain}
    storage: ${directory}
    file: names.zone
    acl: challenges
`,
    { mode: 0o600 },
  );
  writeFileSync(
    join(directory, 'names.zone'),
    `@ 1 SOA ns.${domain}. hostmaster.${domain}. 1 60 60 600 1\n@ 1 NS ns\nns 1 A ${address}\n`,
  );
  return new ClusterProgram({
    name: 'knotd',
    command: '/usr/sbin/knotd',
    args: ['--config', settings],
    log,
    ready: (program) => untilSaid(program, 'server started'),
  });
}

interface PebbleParams {
  readonly directory: string;
  readonly pki: Pki;
  readonly address: string;
  readonly nameServer: string;
}

async function pebble({ directory, pki, address, nameServer }: PebbleParams): Promise<ClusterProgram> {
  const { certificateFile, keyFile } = await pki.leaf({ names: [address] });
  const settings = join(directory, 'pebble.json');
  const listening = {
    listenAddress: `${address}:${ACME_PORT}`,
    managementListenAddress: `${address}:${MANAGEMENT_PORT}`,
    ...{ certificate: certificateFile, privateKey: keyFile },
  };
  writeFileSync(settings, JSON.stringify({ pebble: listening }));
  return new ClusterProgram({
    name: 'pebble',
    command: 'env',
    args: [
      // It plays a slow and forgetful authority unless told otherwise.
      ...['PEBBLE_VA_NOSLEEP=1', 'PEBBLE_WFE_NONCEREJECT=0', 'PEBBLE_AUTHZREUSE=0'],
      ...['pebble', '-config', settings, '-dnsserver', `${nameServer}:53`],
    ],
    log: join(directory, 'pebble.log'),
    ready: (program) => untilSaid(program, 'Listening on'),
  });
}

async function untilSaid(program: ClusterProgram, words: string): Promise<void> {
  await until(() => !program.isRunning || program.logged(words), { what: program.name, withinMs: START_MS });
  if (!program.isRunning) throw program.failure('ended before it served');
}

function fetched(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca }, (answer) => {
      if (answer.statusCode === 200) text(answer).then(resolve, reject);
      else reject(new Error(`Cannot get ${url}: ${answer.statusCode ?? 'no status'}`));
    });
    request.once('error', reject);
  });
}
