/** What the operator keeps of a Secret or ConfigMap that somebody names. Pure. */
import type { KubeObject } from '../kube/kube-object.ts';

export interface ReferencePlace {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  readonly name: string;
}

/** Never the values of a login: whether they are there is all that is asked. */
export interface Referenced {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Those with a value that is not empty. */
  readonly keys: readonly string[];
  /** Those whose value holds at least one certificate as PEM. */
  readonly certificateKeys: readonly string[];
  /** Under `tls.crt`, `tls.key` and `token`: certificates of instances and of their status endpoints. */
  readonly texts: ReadonlyMap<string, string>;
}

const keptTexts: readonly string[] = ['tls.crt', 'tls.key', 'token'];
const certificateMark = '-----BEGIN CERTIFICATE-----';

export function referenced(object: KubeObject): Referenced {
  const entries = [...decoded(object['data'], object.kind === 'Secret'), ...decoded(object['binaryData'], true)].filter(
    ([, text]) => text.length > 0,
  );
  return {
    uid: object.metadata.uid ?? '',
    resourceVersion: object.metadata.resourceVersion ?? '',
    keys: entries.map(([key]) => key).toSorted(),
    certificateKeys: entries.filter(([, text]) => text.includes(certificateMark)).map(([key]) => key),
    texts: new Map(object.kind === 'Secret' ? entries.filter(([key]) => keptTexts.includes(key)) : []),
  };
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
