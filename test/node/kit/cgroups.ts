/**
 * A cgroup for one node in every hierarchy: the kubelet wants its root to exist. Version 1 and version 2 of cgroups; the directories
 * that pods add go away with `removeCgroup`, or with in-namespace.sh.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../cluster/kit/until.ts';

const top = '/sys/fs/cgroup';
const isUnified = existsSync(join(top, 'cgroup.controllers'));

/** @param path Such as `teams-sbc-nodes-4711/n1` */
export function makeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) {
    let directory = hierarchy;
    for (const name of path.split('/')) {
      if (isUnified) passControllersOn(directory);
      const inner = join(directory, name);
      mkdirSync(inner, { recursive: true });
      inheritCpus(directory, inner);
      if (directory === hierarchy) giveWeight(inner);
      directory = inner;
    }
  }
}

/**
 * Pods of a machine share it with its system alone. Here all of them together would weigh as much as one process of whatever
 * else runs, and what they ask for would mean nothing.
 */
function giveWeight(directory: string): void {
  const [file, weight] = isUnified ? ['cpu.weight', '1600'] : ['cpu.shares', '16384'];
  const path = join(directory, file);
  if (existsSync(path)) writeFileSync(path, weight);
}

/** Waits until its last process is reaped. */
export async function removeCgroup(path: string): Promise<void> {
  const present = hierarchies()
    .map((hierarchy) => join(hierarchy, path))
    .filter((directory) => existsSync(directory));
  const removed = () => {
    present.forEach(removeTree);
    return true;
  };
  await until(removed, { what: `the end of the last process in cgroup ${path}` });
}

/** Directories of cgroups below this one that exist. */
export function cgroupsBelow(path: string): string[] {
  return hierarchies()
    .map((hierarchy) => join(hierarchy, path))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => inner(directory));
}

function hierarchies(): string[] {
  if (isUnified) return [top];
  return readdirSync(top)
    .map((name) => join(top, name))
    .filter((directory) => existsSync(join(directory, 'tasks')));
}

function inner(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name));
}

function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  inner(directory).forEach(removeTree);
  rmdirSync(directory);
}

/** Version 1: a new cpuset is empty, and takes no process. */
function inheritCpus(outer: string, added: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (isUnified || !existsSync(join(added, file))) continue;
    if (readFileSync(join(added, file), 'utf8').trim() === '')
      writeFileSync(join(added, file), readFileSync(join(outer, file)));
  }
}

function passControllersOn(directory: string): void {
  for (const controller of readFileSync(join(directory, 'cgroup.controllers'), 'utf8').trim().split(' ')) {
    try {
      writeFileSync(join(directory, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // One that this kernel keeps at the top: the kubelet says so itself where it needs it.
    }
  }
}
