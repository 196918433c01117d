/** A planned container as a process of this machine: image → command, variables expanded, mount paths → host paths. Pure. */
import { join } from 'node:path';
import type { Container, EnvVar } from '../objects/kube-types.ts';
import { expandVariables } from './expand-variables.ts';

export interface ContainerProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What the downward API knows of a pod. */
export interface PodFacts {
  readonly podName: string;
  readonly podIp: string;
  readonly namespace: string;
}

export interface ProcessContext {
  readonly facts: PodFacts;
  /** Stands for the image; its arguments come before the container's. */
  readonly command: readonly [string, ...string[]];
  /** Paths inside the container that exist on the host below `root`. */
  readonly mountPaths: readonly string[];
  readonly root: string;
}

export function containerProcess(container: Container, context: ProcessContext): ContainerProcess {
  const variables = environmentOf(container.env ?? [], context.facts);
  const [command, ...first] = context.command;
  const args = (container.args ?? []).map((argument) => hostPath(expandVariables(argument, variables), context));
  return { command, args: [...first, ...args], environment: Object.fromEntries(variables) };
}

/** In order: a value may name the variables before it. */
function environmentOf(env: readonly EnvVar[], facts: PodFacts): ReadonlyMap<string, string> {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': facts.podName,
    'metadata.namespace': facts.namespace,
    'status.podIP': facts.podIp,
    'status.hostIP': facts.podIp,
  };
  const variables = new Map<string, string>();
  for (const { name, value, valueFrom } of env) {
    const field = valueFrom?.fieldRef?.fieldPath;
    variables.set(name, field === undefined ? expandVariables(value ?? '', variables) : (fields[field] ?? ''));
  }
  return variables;
}

/** `--flag=/etc/teams-sbc/secrets` names a folder above the mounts, or one of them, or a file below one. */
function hostPath(argument: string, { mountPaths, root }: ProcessContext): string {
  const slash = argument.indexOf('=/');
  if (slash === -1 || !argument.startsWith('--')) return argument;
  const path = argument.slice(slash + 1);
  const isInside = mountPaths.some(
    (mount) => path === mount || path.startsWith(`${mount}/`) || mount.startsWith(`${path}/`),
  );
  return isInside ? `${argument.slice(0, slash + 1)}${join(root, path)}` : argument;
}
