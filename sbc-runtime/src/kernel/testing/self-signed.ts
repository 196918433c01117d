/** For tests: a self-signed certificate for names and addresses, made with the openssl command line. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SelfSigned {
  readonly certificate: string;
  readonly key: string;
}

/** @param names such as `DNS:status.example.com` or `IP:127.0.0.1` */
export function selfSigned(...names: readonly string[]): SelfSigned {
  const folder = mkdtempSync(join(tmpdir(), 'sbc-self-signed-'));
  const [key, certificate] = [join(folder, 'key'), join(folder, 'crt')];
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names.join(',')}`, '-days', '30'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', key, '-out', certificate], {
      stdio: 'pipe',
    });
    return { certificate: readFileSync(certificate, 'latin1'), key: readFileSync(key, 'latin1') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
