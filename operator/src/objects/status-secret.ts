/** The internal Secret with which the operator and the pods' status endpoint know each other. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { statusSecretName } from './names.ts';

/** What the certificate of the status endpoint is made out for; nobody looks it up in DNS. */
export const statusServerName = 'status.teams-sbc.internal';

export interface StatusSecret {
  /** PEM. */
  readonly crt: string;
  /** PEM. */
  readonly key: string;
  /** What the operator shows as a bearer. */
  readonly token: string;
}

export function statusSecret(instance: SbcInstance, { crt, key, token }: StatusSecret): KubeObject {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(instance, statusSecretName(instance)),
    type: 'Opaque',
    data: { 'tls.crt': base64(crt), 'tls.key': base64(key), token: base64(token) },
  };
}
