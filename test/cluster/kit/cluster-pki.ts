/** The throw-away certificates of one control plane, made by the openssl program in a few milliseconds each. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../kit/process.ts';

export interface ClusterPki {
  readonly directory: string;
  /** PEM of the root that signs all of it. */
  readonly ca: string;
  readonly caFile: string;
  readonly caKeyFile: string;
  readonly serving: KeyPairFiles;
  /** In the group system:masters. */
  readonly admin: KeyPairFiles;
  /** How the API server shows itself to kubelets. */
  readonly kubeletClient: KeyPairFiles;
  /** Signs the tokens of ServiceAccounts; RSA, for the API server signs RS256 with it. */
  readonly tokens: { readonly privateKeyFile: string; readonly publicKeyFile: string };
}

export interface KeyPairFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const DAYS = '30';
const SERVICE_ADDRESS = '10.96.0.1';
const SERVICE_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'localhost',
];

export async function createClusterPki(directory: string, address: string): Promise<ClusterPki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ca = await selfSigned(directory);
  const names = [
    ...SERVICE_NAMES.map((name) => `DNS:${name}`),
    `IP:${address}`,
    'IP:127.0.0.1',
    `IP:${SERVICE_ADDRESS}`,
  ];
  const authority = { directory, caFile: ca.certificateFile, caKeyFile: ca.keyFile };
  const [serving, admin, kubeletClient] = await Promise.all([
    issueServing(authority, 'serving', { commonName: 'kube-apiserver', names }),
    issueClient(authority, 'admin', '/O=system:masters/CN=admin'),
    issueClient(authority, 'kubelet-client', '/O=system:masters/CN=kube-apiserver-kubelet-client'),
  ]);
  return {
    directory,
    ca: readFileSync(ca.certificateFile, 'latin1'),
    caFile: ca.certificateFile,
    caKeyFile: ca.keyFile,
    serving,
    admin,
    kubeletClient,
    tokens: writeTokenKeys(directory),
  };
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-sha256', '-days', DAYS];

function filesOf(directory: string, name: string): KeyPairFiles {
  return { certificateFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) };
}

async function selfSigned(directory: string): Promise<KeyPairFiles> {
  const files = filesOf(directory, 'ca');
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature'];
  await run('openssl', ['req', '-x509', ...newKey, '-subj', '/CN=test-cluster', ...usage, ...outputs(files)]);
  return files;
}

type Authority = Pick<ClusterPki, 'directory' | 'caFile' | 'caKeyFile'>;

/** A certificate of a server. @param names As openssl writes them: `DNS:n1`, `IP:172.30.0.11` */
export function issueServing(
  authority: Authority,
  name: string,
  { commonName, names }: { readonly commonName: string; readonly names: readonly string[] },
): Promise<KeyPairFiles> {
  const extensions = ['extendedKeyUsage=serverAuth', `subjectAltName=${names.join(',')}`];
  return issue(authority, { name, subject: `/CN=${commonName}`, extensions });
}

/** A certificate of a client of the API server. @param subject `/O=<group>/CN=<user>` */
export function issueClient(authority: Authority, name: string, subject: string): Promise<KeyPairFiles> {
  return issue(authority, { name, subject, extensions: ['extendedKeyUsage=clientAuth'] });
}

interface LeafRequest {
  readonly name: string;
  readonly subject: string;
  readonly extensions: readonly string[];
}

async function issue({ directory, caFile, caKeyFile }: Authority, request: LeafRequest): Promise<KeyPairFiles> {
  const files = filesOf(directory, request.name);
  const added = ['keyUsage=critical,digitalSignature', 'basicConstraints=critical,CA:FALSE', ...request.extensions];
  await run('openssl', [
    'req',
    '-x509',
    ...['-CA', caFile, '-CAkey', caKeyFile],
    ...newKey,
    ...['-subj', request.subject],
    ...added.flatMap((extension) => ['-addext', extension]),
    ...outputs(files),
  ]);
  return files;
}

function outputs({ certificateFile, keyFile }: KeyPairFiles): string[] {
  return ['-keyout', keyFile, '-out', certificateFile];
}

function writeTokenKeys(directory: string): ClusterPki['tokens'] {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const files = { privateKeyFile: join(directory, 'tokens.key'), publicKeyFile: join(directory, 'tokens.pub') };
  writeFileSync(files.privateKeyFile, privateKey, { mode: 0o600 });
  writeFileSync(files.publicKeyFile, publicKey);
  return files;
}
