/** A Secret with a certificate, as a person brings it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function selfSigned(namespace: string, name: string, fqdn: string) {
  const directory = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [key, crt] = [join(directory, 'tls.key'), join(directory, 'tls.crt')];
  const names = ['-subj', `/CN=${fqdn}`, '-addext', `subjectAltName=DNS:${fqdn}`];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '60', ...names, '-keyout', key, '-out', crt],
    {
      stdio: 'pipe',
    },
  );
  const data = { 'tls.key': readFileSync(key, 'base64'), 'tls.crt': readFileSync(crt, 'base64') };
  rmSync(directory, { recursive: true });
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name, namespace }, data };
}
