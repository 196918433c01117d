/** Certificates that a person may bring and that are no good, each in its own way. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface KeyPair {
  readonly crt: string;
  readonly key: string;
}

interface Wanted {
  /** As `openssl req -newkey` takes it. Default `rsa:2048`. */
  readonly newKey?: readonly string[];
  readonly name?: string;
  readonly usage?: 'serverAuth' | 'clientAuth';
}

const elliptic = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

export interface WrongSecret {
  /** Undefined: there is no Secret. */
  readonly pair: KeyPair | undefined;
  readonly condition: string;
  readonly message: RegExp;
}

/** By the name of their instance. @param fqdn what their certificate should cover @param expired openssl makes none with `req` */
export function wrongSecrets(fqdn: (instance: string) => string, expired: KeyPair): ReadonlyMap<string, WrongSecret> {
  const of = (instance: string, wanted: Wanted = {}) => selfSigned({ name: fqdn(instance), ...wanted });
  const stranger = of('stranger');
  return new Map<string, WrongSecret>([
    ['missing', { pair: undefined, condition: 'False SecretNotFound', message: /^Secret missing does not exist: create it with type kubernetes\.io\/tls in the namespace of the instance$/ }], // prettier-ignore
    ['garbled', { pair: { crt: 'words', key: stranger.key }, condition: 'False InvalidKeyPair', message: /^Secret garbled holds no certificate that can be read under tls\.crt \(PEM\)$/ }], // prettier-ignore
    ['mixed', { pair: { crt: of('mixed').crt, key: stranger.key }, condition: 'False InvalidKeyPair', message: /^Secret mixed holds under tls\.key the key of another certificate than tls\.crt$/ }], // prettier-ignore
    ['short', { pair: of('short', { newKey: ['rsa:1024'] }), condition: 'False KeyTooSmall', message: /^Secret short has an RSA key of 1024 bits: allowed 2048 or more$/ }], // prettier-ignore
    ['elliptic', { pair: of('elliptic', { newKey: elliptic }), condition: 'True KeyNotRsa', message: /^Secret elliptic has a key of type ec: .* Microsoft lists are for RSA keys, issue it with RSA and 2048 bits$/ }], // prettier-ignore
    ['expired', { pair: expired, condition: 'False Expired', message: /^Secret expired expired on [-\d]{10}: peers refuse it until it is renewed$/ }], // prettier-ignore
    ['uncovered', { pair: stranger, condition: 'False NameNotCovered', message: /^Secret uncovered does not cover uncovered-0\.voice\.example\.com: issue it with all names, a wildcard stands for one label$/ }], // prettier-ignore
    ['client', { pair: of('client', { usage: 'clientAuth' }), condition: 'False WrongUsage', message: /^Secret client lacks the usage serverAuth: Microsoft refuses it, issue it for servers$/ }], // prettier-ignore
  ]);
}

function selfSigned({ newKey = ['rsa:2048'], name = '', usage = 'serverAuth' }: Wanted): KeyPair {
  const directory = mkdtempSync(join(tmpdir(), 'wrong-secret-'));
  const [key, crt] = [join(directory, 'tls.key'), join(directory, 'tls.crt')];
  const extensions = [`subjectAltName=DNS:${name}`, `extendedKeyUsage=${usage}`];
  try {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', ...newKey, '-nodes', '-sha256', '-subj', `/CN=${name}`, '-days', '60'],
        ...extensions.flatMap((extension) => ['-addext', extension]),
        ...['-keyout', key, '-out', crt],
      ],
      { stdio: 'pipe' },
    );
    return { crt: readFileSync(crt, 'latin1'), key: readFileSync(key, 'latin1') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
