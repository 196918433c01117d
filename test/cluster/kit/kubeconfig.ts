/** Kubeconfig files. JSON, which is YAML too. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { KeyPairFiles } from './cluster-pki.ts';

interface KubeconfigParams {
  readonly file: string;
  readonly server: string;
  readonly ca: string;
  readonly user: { readonly token: string } | KeyPairFiles;
  /** Of commands that name none. */
  readonly namespace?: string;
}

export function writeKubeconfig({ file, server, ca, user, namespace }: KubeconfigParams): string {
  const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
  const credentials =
    'token' in user
      ? { token: user.token }
      : {
          'client-certificate-data': base64(readFileSync(user.certificateFile)),
          'client-key-data': base64(readFileSync(user.keyFile)),
        };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'user', user: credentials }],
    contexts: [
      { name: 'test', context: { cluster: 'test', user: 'user', ...(namespace === undefined ? {} : { namespace }) } },
    ],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
  return file;
}
