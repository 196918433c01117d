/** Lays out the files of one pod in its run directory, as the kubelet does before it starts a container. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SbcInstance } from '@teams-sbc/crds';
import { paths } from '../objects/paths.ts';
import type { PlannedInstance } from '../plan/plan-instance.ts';
import { writeVolume } from './atomic-writer.ts';
import { hostsFile } from './hosts-file.ts';
import type { Resources } from './resources.ts';
import { volumeContents } from './volume-files.ts';

export interface PodFiles {
  readonly resources: Resources;
  readonly instance: SbcInstance;
  readonly plan: PlannedInstance;
  /** The pod's file system begins here. */
  readonly root: string;
}

/** @returns the sources whose content has changed, such as `Secret/sbc-tls` */
export async function writePod({ resources, instance, plan, root }: PodFiles): Promise<string[]> {
  const changed: string[] = [];
  const contents = volumeContents(resources, instance, plan);
  // The routing state last: what it names is there when the runtime reads it.
  const inOrder = contents.toSorted(
    (a, b) => Number(a.mountPath === paths.state) - Number(b.mountPath === paths.state),
  );
  for (const { mountPath, source, files } of inOrder) {
    const directory = join(root, mountPath);
    if (source === undefined) await mkdir(directory, { recursive: true, mode: 0o700 });
    else if (await writeVolume(directory, files)) changed.push(source);
  }
  // Only once the pod exists: the folders of volumes that a plan no longer names may stay.
  for (const parent of [paths.secrets, paths.trust]) await mkdir(join(root, parent), { recursive: true, mode: 0o700 });
  return changed;
}

/** Written before the start only, as in a cluster: a pod's hostAliases do not change while it runs. */
export async function writeHostsFile(plan: PlannedInstance, root: string): Promise<void> {
  const path = join(root, paths.hosts);
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const machine = await readFile(paths.hosts, 'utf8').catch(() => '');
  await writeFile(path, hostsFile(machine, plan.podTemplate.spec?.hostAliases ?? []), { mode: 0o600 });
}
