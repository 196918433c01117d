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
  /** Signs the tokens of ServiceAccounts; RSA, for the API server signs RS256 with it. */
  readonly tokens: { readonly privateKeyFile: string; readonly publicKeyFile: string };
}

export interface KeyPairFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

const DAYS = '30';
const SERVICE_ADDRESS = '10.96.0.1';
const SERVICE_NAMES = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'];

export async function createClusterPki(directory: string, address: string): Promise<ClusterPki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ca = await selfSigned(directory);
  const names = [
    ...SERVICE_NAMES.map((name) => `DNS:${name}`),
    `IP:${address}`,
    'IP:127.0.0.1',
    `IP:${SERVICE_ADDRESS}`,
  ];
  const leaf = (name: string, subject: string, extensions: readonly string[]) =>
    signed(directory, ca, { name, subject, extensions });
  const [serving, admin] = await Promise.all([
    leaf('serving', '/CN=kube-apiserver', ['extendedKeyUsage=serverAuth', `subjectAltName=${names.join(',')}`]),
    leaf('admin', '/O=system:masters/CN=admin', ['extendedKeyUsage=clientAuth']),
  ]);
  return {
    directory,
    ca: readFileSync(ca.certificateFile, 'latin1'),
    caFile: ca.certificateFile,
    caKeyFile: ca.keyFile,
    serving,
    admin,
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

interface LeafRequest {
  readonly name: string;
  readonly subject: string;
  readonly extensions: readonly string[];
}

async function signed(
  directory: string,
  ca: KeyPairFiles,
  { name, subject, extensions }: LeafRequest,
): Promise<KeyPairFiles> {
  const files = filesOf(directory, name);
  const added = ['keyUsage=critical,digitalSignature', 'basicConstraints=critical,CA:FALSE', ...extensions];
  await run('openssl', [
    'req',
    '-x509',
    ...['-CA', ca.certificateFile, '-CAkey', ca.keyFile],
    ...newKey,
    ...['-subj', subject],
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
