/** The runtime's volumes in a cluster: what a start without the API server needs, and memory for what the API says. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { Volume } from './kube-types.ts';
import { routingCopyName, statusSecretName } from './names.ts';
import { clusterPaths, paths } from './paths.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { journalMount, journalVolume, secretMode, volumeName } from './pod-volumes.ts';

/** Two generations of the largest routing state, and Secrets. Memory is used as it is written. */
const runSize = '64Mi';
/** As the kubelet rotates tokens of its own volumes. */
const tokenSeconds = 3607;
/** The kubelet lets the pod's group read what the pod's user does not own. */
const groupReads = 0o440;

/** @param certificate `certificateSecret(instance)` */
export function clusterVolumes(instance: SbcInstance, certificate: string): PodVolumes {
  const secret = volumeName('secret', certificate);
  const volumes: Volume[] = [
    // Optional: a pod starts before the first copy and the first certificate, and gets both through the API.
    { name: 'state', configMap: { name: routingCopyName(instance), optional: true } },
    { name: secret, secret: { secretName: certificate, defaultMode: secretMode, optional: true } },
    { name: 'status', secret: { secretName: statusSecretName(instance), defaultMode: secretMode } },
    { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: runSize } },
    journalVolume(instance),
    { name: 'api-token', projected: { defaultMode: groupReads, sources: tokenSources() } },
  ];
  return {
    volumes,
    mounts: [
      { name: 'state', mountPath: paths.state, readOnly: true },
      { name: secret, mountPath: `${paths.secrets}/${certificate}`, readOnly: true },
      { name: 'status', mountPath: clusterPaths.status, readOnly: true },
      { name: 'run', mountPath: paths.run },
      journalMount,
      { name: 'api-token', mountPath: clusterPaths.serviceAccount, readOnly: true },
    ],
  };
}

function tokenSources() {
  return [
    { serviceAccountToken: { path: 'token', expirationSeconds: tokenSeconds } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
  ];
}
