/** Whether a Certificate must wait because cert-manager would overwrite the Secret of somebody else. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { certificateName } from '../objects/names.ts';

export interface HeldBackFacts {
  readonly instance: SbcInstance;
  /** Of `certificateSecret(instance)`; undefined: there is none. */
  readonly secret: { readonly issuedFor: string | undefined } | undefined;
  /** cert-manager's, as it is there: one that exists already has its Secret. */
  readonly certificate: KubeObject | undefined;
  /** Where nobody issues, nothing is overwritten. */
  readonly certManager: boolean;
}

export function isHeldBack({ instance, secret, certificate, certManager }: HeldBackFacts): boolean {
  return (
    certManager &&
    instance.spec.tls.issuerRef !== undefined &&
    certificate === undefined &&
    secret !== undefined &&
    secret.issuedFor !== certificateName(instance)
  );
}
