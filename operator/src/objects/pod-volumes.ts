/** The runtime's volumes in local mode: routing state, each Secret and trust bundle, and a place for its admin socket. Pure. */
import { createHash } from 'node:crypto';
import type { Volume, VolumeMount } from './kube-types.ts';
import type { SbcInstance } from '@teams-sbc/crds';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import { paths } from './paths.ts';
import { routingConfigMapName } from './routing-config-map.ts';
import { secretsOf } from './named-sources.ts';

/** Owner only; with `fsGroup` the kubelet adds read for the pod's group. */
export const secretMode = 0o400;

export interface PodVolumes {
  readonly volumes: Volume[];
  readonly mounts: VolumeMount[];
}

export function podVolumes(instance: SbcInstance, state: RoutingState): PodVolumes {
  const volumes: Volume[] = [
    { name: 'state', configMap: { name: routingConfigMapName(instance.metadata.name) } },
    { name: 'run', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
    journalVolume(instance),
  ];
  const mounts: VolumeMount[] = [
    { name: 'state', mountPath: paths.state, readOnly: true },
    { name: 'run', mountPath: paths.run },
    journalMount,
  ];
  for (const secret of secretsOf(state)) {
    const name = volumeName('secret', secret);
    volumes.push({ name, secret: { secretName: secret, defaultMode: secretMode } });
    mounts.push({ name, mountPath: `${paths.secrets}/${secret}`, readOnly: true });
  }
  for (const bundle of state.trustBundles) {
    const { source } = bundle;
    if ('preset' in source) continue;
    const name = volumeName('trust', bundle.name);
    const items = [{ key: source.key, path: 'ca.crt' }];
    volumes.push(
      source.kind === 'Secret'
        ? { name, secret: { secretName: source.name, items, defaultMode: secretMode } }
        : { name, configMap: { name: source.name, items } },
    );
    mounts.push({ name, mountPath: `${paths.trust}/${bundle.name}`, readOnly: true });
  }
  return { volumes, mounts };
}

/**
 * Outlives a container, never a pod. Memory, for it holds keys; the size is beyond what the runtime ever writes
 * (`sbc-runtime/src/journal/journal.ts`), because a pod that writes more would be evicted. Memory is used as it is written.
 */
export function journalVolume(instance: SbcInstance): Volume {
  const mebibytes = 64 + Math.ceil(instance.spec.capacity.maxCalls / 8);
  return { name: 'journal', emptyDir: { medium: 'Memory', sizeLimit: `${String(mebibytes)}Mi` } };
}

export const journalMount: VolumeMount = { name: 'journal', mountPath: paths.journal };

/** A volume's name is a DNS label of at most 63 characters; a Secret's name may be longer and hold dots. */
export function volumeName(prefix: string, name: string): string {
  const plain = `${prefix}-${name}`;
  if (plain.length <= 63 && !name.includes('.')) return plain;
  return `${prefix}-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
