/** What the volumes of a planned pod hold, from the objects of the directory. Pure. */
import type { KeyToPath, Volume } from '../objects/kube-types.ts';
import type { PlannedInstance } from '../plan/plan-instance.ts';
import { routingConfigMap } from '../objects/routing-config-map.ts';
import type { SbcInstance } from '@teams-sbc/crds';
import type { VolumeFile } from './atomic-writer.ts';
import { findKeyed } from './check-references.ts';
import type { KeyedObject } from './keyed-object.ts';
import type { Resources } from './resources.ts';

export interface VolumeContent {
  readonly mountPath: string;
  /** Of what it was made, such as `Secret/sbc-tls`; absent for an empty directory that the container writes to. */
  readonly source?: string;
  readonly files: readonly VolumeFile[];
}

/** Owner only, also for ConfigMaps: a run directory is nobody else's business. */
const configMode = 0o600;

/** Every reference was checked before; an object that is missing here yields an empty volume. */
export function volumeContents(resources: Resources, instance: SbcInstance, plan: PlannedInstance): VolumeContent[] {
  const routing = routingConfigMap(instance, plan.state);
  const { namespace } = plan.instance;
  const spec = plan.podTemplate.spec;
  const contents: VolumeContent[] = [];
  for (const { name, mountPath } of spec?.containers.flatMap((container) => container.volumeMounts ?? []) ?? []) {
    const volume = spec?.volumes?.find((each) => each.name === name);
    if (volume === undefined) continue;
    const reference = objectOf(volume);
    if (reference === undefined) {
      contents.push({ mountPath, files: [] });
      continue;
    }
    const source = `${reference.kind}/${reference.name}`;
    if (reference.kind === 'ConfigMap' && reference.name === routing.metadata?.name) {
      const files = Object.entries(routing.data ?? {}).map(([key, text]) => ({
        name: key,
        content: Buffer.from(text),
        mode: configMode,
      }));
      contents.push({ mountPath, source, files });
      continue;
    }
    const object = findKeyed(resources, { kind: reference.kind, namespace, name: reference.name });
    contents.push({ mountPath, source, files: object === undefined ? [] : filesOf(object, reference) });
  }
  return contents;
}

interface Reference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
  readonly items: readonly KeyToPath[] | undefined;
  readonly mode: number;
}

function objectOf({ configMap, secret }: Volume): Reference | undefined {
  if (secret?.secretName !== undefined) {
    return { kind: 'Secret', name: secret.secretName, items: secret.items, mode: secret.defaultMode ?? 0o400 };
  }
  if (configMap?.name === undefined) return undefined;
  return { kind: 'ConfigMap', name: configMap.name, items: configMap.items, mode: configMode };
}

function filesOf({ entries }: KeyedObject, { items, mode }: Reference): VolumeFile[] {
  const wanted = items ?? [...entries.keys()].map((key) => ({ key, path: key }));
  return wanted.flatMap(({ key, path }) => {
    const content = entries.get(key);
    return content === undefined ? [] : [{ name: path, content, mode }];
  });
}
