/** What cert-manager says about a Certificate, where that is not simply that it is up to date. Pure. */
import type { KubeObject } from '../kube/kube-object.ts';

export interface Issuance {
  readonly status: 'False';
  readonly reason: 'Issuing' | 'IssuanceFailed' | 'IssuerNotReady';
  readonly message: string;
}

interface CertManagerCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

interface CertManagerStatus {
  readonly conditions?: readonly CertManagerCondition[];
  readonly failedIssuanceAttempts?: number;
}

const no = (reason: Issuance['reason'], message: string): Issuance => ({ status: 'False', reason, message });

/** @param requests its CertificateRequests, and others. Undefined: the issued certificate is what is asked for. */
export function issuanceOf(certificate: KubeObject | undefined, requests: readonly KubeObject[]): Issuance | undefined {
  if (certificate === undefined) return no('Issuing', 'the Certificate is being made');
  const { failedIssuanceAttempts = 0 } = (certificate.status ?? {}) as CertManagerStatus;
  const [ready, issuing] = [conditionOf(certificate, 'Ready'), conditionOf(certificate, 'Issuing')];
  const name = `Certificate ${certificate.metadata.name}`;
  if ((ready?.observedGeneration ?? 0) < (certificate.metadata.generation ?? 0))
    return no('Issuing', `cert-manager has not looked at ${name} as it is now`);
  if (ready?.status === 'True' && issuing?.status !== 'True') return undefined;
  // Between two attempts the condition Issuing is False and holds the failure.
  if (issuing?.status !== 'True' && (failedIssuanceAttempts > 0 || issuing?.reason === 'Failed')) {
    const attempts = Math.max(failedIssuanceAttempts, 1);
    const times = attempts === 1 ? 'once' : `${String(attempts)} times`;
    const words = sentence(issuing?.message ?? ready?.message) ?? 'it gave no reason';
    return no('IssuanceFailed', `${name} could not be issued, tried ${times}: ${words}`);
  }
  const words = sentence((issuing?.status === 'True' ? issuing : ready)?.message);
  const begun = `${name} is being issued: ${words ?? 'cert-manager has not looked at it yet'}`;
  const issuer = issuersWords(certificate, requests);
  if (issuer === undefined) return no('Issuing', begun);
  if (!/^(Referenced|Missing) /.test(issuer)) return no('Issuing', `${begun}; ${issuer}`);
  return no('IssuerNotReady', `${begun}; ${issuer}: ${issuerRemedy(certificate)}`);
}

/** What the newest request waits for: a Certificate does not repeat it. */
function issuersWords({ metadata }: KubeObject, requests: readonly KubeObject[]): string | undefined {
  const newest = requests
    .filter((request) => request.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
    .toSorted((a, b) => revisionOf(b) - revisionOf(a))[0];
  const ready = newest === undefined ? undefined : conditionOf(newest, 'Ready');
  return ready?.status === 'False' ? sentence(ready.message) : undefined;
}

function revisionOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.['cert-manager.io/certificate-revision'] ?? 0);
}

function issuerRemedy({ spec }: KubeObject): string {
  const { issuerRef } = spec as { readonly issuerRef: { readonly kind: string; readonly name: string } };
  return `create ${issuerRef.kind} ${issuerRef.name}, see why it is not ready, or name another one in spec.tls.issuerRef`;
}

function conditionOf({ status }: KubeObject, type: string): CertManagerCondition | undefined {
  return ((status ?? {}) as CertManagerStatus).conditions?.find((condition) => condition.type === type);
}

const sentence = (message: string | undefined) => message?.trim().replace(/\.$/, '');
