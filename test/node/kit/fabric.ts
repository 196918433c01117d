/**
 * The network between the nodes: the bridge fab0 of in-namespace.sh. Every node hangs on it by a cable (a veth pair); this process
 * stands on it too, and reaches nodes, pods and, through the first node, Services.
 */
import type { NodeNetwork } from '../../cluster/kit/control-plane.ts';
import { run } from '../../kit/process.ts';
import { SERVICE_CIDR } from './node-files.ts';

const prefix = '172.30.0';
const BRIDGE = 'fab0';

/** `172.30.0.0/24`: the API server at .1, node *i* at .1*i*; .100 and up are for what a test plays itself. */
export const fabric: NodeNetwork = {
  cidr: `${prefix}.0/24`,
  address: (host) => `${prefix}.${host}`,
  release: () => undefined,
};

export interface Place {
  /** Its number, from 1. */
  readonly index: number;
  readonly address: string;
  readonly podCIDR: string;
}

/** @param pid Process 1 of the node */
export async function plugIn(place: Place, pid: number): Promise<void> {
  const cable = cableOf(place);
  await unplug(place);
  await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid));
  await ip('link', 'set', cable, 'master', BRIDGE, 'up');
  await inNode(pid, 'link', 'set', 'eth0', 'up');
  await giveAddress(place, pid);
}

/** The node's only address from now on. */
export async function giveAddress({ address }: Place, pid: number): Promise<void> {
  await inNode(pid, 'address', 'flush', 'dev', 'eth0', 'scope', 'global');
  await inNode(pid, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  await inNode(pid, 'route', 'replace', 'default', 'via', fabric.address(1));
}

/** The way to this node's pods, for all who stand on the fabric; Services are reached through the first node. */
export async function announce(place: Place, otherPids: readonly number[]): Promise<void> {
  const way = ['route', 'replace', place.podCIDR, 'via', place.address];
  await Promise.all([ip(...way), ...otherPids.map((pid) => inNode(pid, ...way))]);
  if (place.index === 1) await ip('route', 'replace', SERVICE_CIDR, 'via', place.address);
}

export async function setCable(place: Place, state: 'up' | 'down'): Promise<void> {
  await ip('link', 'set', cableOf(place), state);
}

/** Does nothing where there is no cable. It goes with the node's namespace too, a moment after it. */
export async function unplug(place: Place): Promise<void> {
  await ip('link', 'delete', cableOf(place)).catch(() => undefined);
}

/** Takes back what `announce` told this process. */
export async function withdraw(place: Place): Promise<void> {
  const ways = [place.podCIDR, ...(place.index === 1 ? [SERVICE_CIDR] : [])];
  await Promise.all(ways.map((way) => ip('route', 'delete', way).catch(() => undefined)));
}

/** A further address of this process, for a phone, a PBX or a data centre that the test plays. */
export async function addHostAddress(address: string): Promise<void> {
  await ip('address', 'replace', `${address}/24`, 'dev', BRIDGE);
}

function cableOf({ index }: Place): string {
  return `n${index}`;
}

function ip(...words: string[]): Promise<string> {
  return run('ip', words);
}

function inNode(pid: number, ...words: string[]): Promise<string> {
  return run('nsenter', ['--target', String(pid), '--net', 'ip', ...words]);
}
