/** What the operator keeps of a Secret or ConfigMap that somebody names. Pure. */
import { X509Certificate } from 'node:crypto';
import type { KubeObject, ObjectMeta } from '../kube/kube-object.ts';

export interface ReferencePlace {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
}

/** Never the values of a login: whether they are there is all that is asked. */
export interface Referenced {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Whose it is. */
  readonly metadata: Pick<ObjectMeta, 'labels' | 'ownerReferences'>;
  /** The Certificate for which cert-manager wrote it. */
  readonly issuedFor: string | undefined;
  /** Those with a value that is not empty. */
  readonly keys: readonly string[];
  /** Those whose value holds at least one certificate as PEM, and none that cannot be read. */
  readonly certificateKeys: readonly string[];
  /** Under `tls.crt`, `tls.key` and `token`: certificates of instances and of their status endpoints. */
  readonly texts: ReadonlyMap<string, string>;
}

const keptTexts: readonly string[] = ['tls.crt', 'tls.key', 'token'];
const pemBegin = '-----BEGIN CERTIFICATE-----';
const pemEnd = '-----END CERTIFICATE-----';

export function referenced(object: KubeObject): Referenced {
  const entries = [...decoded(object['data'], object.kind === 'Secret'), ...decoded(object['binaryData'], true)].filter(
    ([, text]) => text.length > 0,
  );
  return {
    uid: object.metadata.uid ?? '',
    resourceVersion: object.metadata.resourceVersion ?? '',
    metadata: { labels: object.metadata.labels, ownerReferences: object.metadata.ownerReferences },
    issuedFor: object.metadata.annotations?.['cert-manager.io/certificate-name'],
    keys: entries.map(([key]) => key).toSorted(),
    certificateKeys: entries.filter(([, text]) => holdsCertificates(text)).map(([key]) => key),
    texts: new Map(object.kind === 'Secret' ? entries.filter(([key]) => keptTexts.includes(key)) : []),
  };
}

/** As the runtime reads a bundle: for one block that is none it would refuse the routing state of all trunks. */
function holdsCertificates(text: string): boolean {
  const [, ...blocks] = text.split(pemBegin);
  return blocks.length > 0 && blocks.every((block) => isCertificate(block.split(pemEnd, 1)[0] ?? ''));
}

function isCertificate(base64: string): boolean {
  try {
    return new X509Certificate(`${pemBegin}${base64}${pemEnd}`).raw.length > 0;
  } catch {
    return false;
  }
}

function decoded(values: unknown, isBase64: boolean): [string, string][] {
  if (typeof values !== 'object' || values === null) return [];
  return Object.entries(values).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[key, isBase64 ? Buffer.from(value, 'base64').toString('utf8') : value]] : [],
  );
}

export function placeText({ kind, namespace, name }: ReferencePlace): string {
  return `${kind} ${namespace}/${name}`;
}
