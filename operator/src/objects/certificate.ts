/** What cert-manager is asked for. Pure. */
import { certificateUsages } from '@teams-sbc/crds';
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { certificateName } from './names.ts';

/**
 * Undefined where the instance brings a Secret.
 *
 * @param dnsNames of `certificateNames(state, …)`
 * @param secretName `certificateSecret(instance)`
 */
export function certificate(
  instance: SbcInstance,
  dnsNames: readonly string[],
  secretName: string,
): KubeObject | undefined {
  const { issuerRef } = instance.spec.tls;
  if (issuerRef === undefined) return undefined;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: childMetadata(instance, certificateName(instance)),
    spec: {
      secretName,
      dnsNames,
      // Teams: the TLS 1.2 suites that Microsoft lists are for RSA keys.
      privateKey: { algorithm: 'RSA', size: 2048, encoding: 'PKCS8', rotationPolicy: 'Always' },
      usages: ['digital signature', 'key encipherment', ...certificateUsages(instance.spec.tls)],
      revisionHistoryLimit: 3,
      issuerRef: { name: issuerRef.name, kind: issuerRef.kind, group: issuerRef.group },
    },
  };
}
