/** The whole routing state in one compressed ConfigMap: mounted, for a start while the API server is away. Pure. */
import { gzipSync } from 'node:zlib';
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { routingCopyName } from './names.ts';

export const routingCopyKey = 'routing-state.json.gz';

/** Octets; the API server takes 1 MiB of values in a ConfigMap. */
const maxCopyLength = 1024 * 1024;

/**
 * Empty where the document does not fit, compressed: its pods then start with the API server alone. A copy that is refused
 * would keep the operator from all that it does after it.
 * @param text the canonical document
 */
export function routingCopyMap(instance: SbcInstance, text: string): KubeObject {
  const compressed = gzipSync(text);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(instance, routingCopyName(instance)),
    // zlib writes neither a time nor a file name into the header: the same text has the same octets.
    binaryData: compressed.length > maxCopyLength ? {} : { [routingCopyKey]: compressed.toString('base64') },
  };
}
