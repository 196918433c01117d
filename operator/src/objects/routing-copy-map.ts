/** The whole routing state in one compressed ConfigMap: mounted, for a start while the API server is away. Pure. */
import { gzipSync } from 'node:zlib';
import type { SbcInstance } from '@teams-sbc/crds';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { routingCopyName } from './names.ts';

export const routingCopyKey = 'routing-state.json.gz';

/** @param text the canonical document */
export function routingCopyMap(instance: SbcInstance, text: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMetadata(instance, routingCopyName(instance)),
    // zlib writes neither a time nor a file name into the header: the same text has the same octets.
    binaryData: { [routingCopyKey]: gzipSync(text).toString('base64') },
  };
}
