/** For tests: certificates made with the openssl command line, in a folder below the system's temporary one. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Issued {
  /** PEM of this certificate alone. */
  readonly pem: string;
  readonly key: string;
  readonly x509: X509Certificate;
  readonly file: string;
}

export interface LeafOptions {
  readonly names?: readonly string[];
  readonly purposes?: 'serverAuth' | 'clientAuth' | 'serverAuth,clientAuth' | 'codeSigning' | undefined;
  readonly isAuthority?: boolean;
  /** CA certificates allowed below this one. */
  readonly pathLength?: number;
  readonly days?: number;
  /** @default EC P-256 */
  readonly key?: KeyKind;
  /** More of them, as openssl writes them. */
  readonly extensions?: readonly string[];
}

type KeyKind = 'P-256' | 'P-384' | 'RSA-1024' | 'RSA-2048' | 'RSA-4096';

export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'teams-sbc-certificates-'));
  #serial = 0;

  /** Self-signed; `leaf`: not a CA. */
  selfSigned(name: string, options: LeafOptions = { isAuthority: true }): Issued {
    const file = this.#file(name);
    const extensions = extensionsOf(options).flatMap((extension) => ['-addext', extension]);
    const days = String(options.days ?? 365);
    this.#openssl([
      'req',
      '-x509',
      ...keyOptions(options),
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.crt`,
      '-days',
      days,
      '-subj',
      `/CN=${name}`,
      '-config',
      this.#config(),
      ...extensions,
    ]);
    return this.#read(file);
  }

  issue(issuer: Issued, name: string, options: LeafOptions = {}): Issued {
    const file = this.#file(name);
    this.#openssl([
      'req',
      ...keyOptions(options),
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.csr`,
      '-subj',
      `/CN=${name}`,
      '-config',
      this.#config(),
    ]);
    writeFileSync(`${file}.ext`, extensionsOf(options).join('\n'));
    const signer = [
      '-CA',
      `${issuer.file}.crt`,
      '-CAkey',
      `${issuer.file}.key`,
      '-set_serial',
      String(1000 + this.#serial),
    ];
    this.#openssl([
      'x509',
      '-req',
      '-in',
      `${file}.csr`,
      ...signer,
      '-out',
      `${file}.crt`,
      '-days',
      String(options.days ?? 90),
      '-extfile',
      `${file}.ext`,
    ]);
    return this.#read(file);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #file(name: string): string {
    this.#serial += 1;
    return join(this.#folder, `${this.#serial}-${name.replaceAll(/[^a-z0-9]/gi, '-')}`);
  }

  #config(): string {
    const path = join(this.#folder, 'openssl.cnf');
    writeFileSync(path, '[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=unused\n');
    return path;
  }

  #read(file: string): Issued {
    const pem = readFileSync(`${file}.crt`, 'utf8');
    return { pem, key: readFileSync(`${file}.key`, 'utf8'), x509: new X509Certificate(pem), file };
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

function keyOptions({ key = 'P-256' }: LeafOptions): string[] {
  const [family, size = ''] = key.split('-');
  return family === 'RSA'
    ? ['-newkey', `rsa:${size}`, '-nodes']
    : ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${key}`, '-nodes'];
}

function extensionsOf({ names, purposes, isAuthority, pathLength, extensions = [] }: LeafOptions): string[] {
  return [
    `basicConstraints=critical,CA:${isAuthority === true ? 'TRUE' : 'FALSE'}${pathLength === undefined ? '' : `,pathlen:${pathLength}`}`,
    ...(isAuthority === true ? ['keyUsage=critical,keyCertSign,cRLSign'] : []),
    ...(names === undefined
      ? []
      : [`subjectAltName=${names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')}`]),
    ...(purposes === undefined ? [] : [`extendedKeyUsage=${purposes}`]),
    ...extensions,
  ];
}
