/** The hosts file of a pod: the machine's, then `hostAliases`, as the kubelet writes it. Pure. */
import type { HostAlias } from '../objects/kube-types.ts';

export function hostsFile(machine: string, aliases: readonly HostAlias[]): string {
  const own = aliases.map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join(' ')}`);
  const base = machine.endsWith('\n') || machine === '' ? machine : `${machine}\n`;
  return own.length === 0 ? base : `${base}\n# hostAliases of the pod\n${own.join('\n')}\n`;
}
