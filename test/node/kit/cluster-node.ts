/**
 * A node: mount, network, host name, IPC and process namespaces of its own, in which containerd, kubelet and kube-proxy run as on a
 * machine. It can be switched off, its cable can be pulled, and each program killed and started again.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { binary, binaryDirectory } from '../../cluster/kit/binaries.ts';
import { issueClient, issueServing } from '../../cluster/kit/cluster-pki.ts';
import { ClusterProgram } from '../../cluster/kit/cluster-program.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { writeKubeconfig } from '../../cluster/kit/kubeconfig.ts';
import { until } from '../../cluster/kit/until.ts';
import { makeCgroup, removeCgroup } from './cgroups.ts';
import { announce, fabric, giveAddress, plugIn, setCable, unplug, withdraw, type Place } from './fabric.ts';
import { containerdSettings, kubeletSettings, kubeProxySettings, podNetwork } from './node-files.ts';

const run = promisify(execFile);
const OUTPUT_BYTES = 64 * 1024 * 1024;
const START_MS = 60_000;

export interface NodeParams {
  /** From 1. */
  readonly index: number;
  /** The node's disk: it outlives the node being switched off. */
  readonly directory: string;
  readonly logs: string;
  /** The cgroup that holds all of its pods. */
  readonly cgroup: string;
}

export class ClusterNode {
  readonly name: string;
  readonly podCIDR: string;
  readonly containerd: ClusterProgram;
  readonly kubelet: ClusterProgram;
  readonly kubeProxy: ClusterProgram;
  readonly #params: NodeParams;
  readonly #init: ClusterProgram;
  #address: string;
  #neighbours: readonly ClusterNode[] = [];
  #controlPlane: ControlPlane | undefined;

  constructor(params: NodeParams) {
    this.#params = params;
    this.name = `n${params.index}`;
    this.podCIDR = `10.245.${params.index}.0/24`;
    this.#address = fabric.address(10 + params.index);
    const { directory } = params;
    this.#init = new ClusterProgram({
      name: this.name,
      command: 'unshare',
      args: [
        ...['--mount', '--net', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc'],
        ...[join(import.meta.dirname, 'node-init.sh'), directory, this.name],
      ],
      log: join(params.logs, `${this.name}.log`),
      isInChild: true,
      ready: (init) => this.#untilUp(init),
    });
    this.containerd = this.#program('containerd', ['--config', join(directory, 'containerd.toml')], ['ctr', 'version']);
    this.kubelet = this.#program(
      'kubelet',
      () => [
        `--config=${join(directory, 'kubelet.json')}`,
        `--kubeconfig=${join(directory, 'kubelet.kubeconfig')}`,
        `--hostname-override=${this.name}`,
        `--node-ip=${this.#address}`,
      ],
      accepts(10248),
    );
    this.kubeProxy = this.#program('kube-proxy', [`--config=${join(directory, 'kube-proxy.json')}`], accepts(10249));
  }

  get address(): string {
    return this.#address;
  }

  /** Process 1 of the node. @throws where it is switched off */
  get pid(): number {
    const { pid } = this.#init;
    if (pid === undefined) throw new Error(`Cannot reach ${this.name}: it is switched off`);
    return pid;
  }

  get isOn(): boolean {
    return this.#init.isRunning;
  }

  /** Switches it on for the first time: containerd runs then, with the images of these archives. */
  async install(archives: readonly string[]): Promise<void> {
    const { directory, cgroup } = this.#params;
    for (const name of ['containerd', 'kubelet', 'networks']) mkdirSync(join(directory, name), { recursive: true });
    const networks = join(directory, 'networks');
    writeFileSync(join(networks, '10-pods.conflist'), podNetwork(this.podCIDR));
    this.#write('containerd.toml', containerdSettings({ plugins: binaryDirectory(), networks }));
    this.#write('hosts', `127.0.0.1 localhost\n${this.#address} ${this.name}\n`);
    this.#write('resolv.conf', 'nameserver 10.96.0.10\n');
    makeCgroup(cgroup);
    await this.#switchOn();
    await this.importImages(archives);
  }

  /** Registers it with this control plane. @param neighbours All nodes of the cluster */
  async join(controlPlane: ControlPlane, neighbours: readonly ClusterNode[]): Promise<void> {
    this.#controlPlane = controlPlane;
    this.#neighbours = neighbours.filter((node) => node !== this);
    await this.#announce();
    const { pki, server } = controlPlane;
    const [kubelet, proxy] = await Promise.all([
      issueClient(pki, this.name, `/O=system:nodes/CN=system:node:${this.name}`),
      issueClient(pki, `${this.name}-proxy`, '/CN=system:kube-proxy'),
      this.#writeKubeletSettings(controlPlane),
    ]);
    const { directory } = this.#params;
    writeKubeconfig({ file: join(directory, 'kubelet.kubeconfig'), server, ca: pki.ca, user: kubelet });
    const kubeconfig = writeKubeconfig({ file: join(directory, 'proxy.kubeconfig'), server, ca: pki.ca, user: proxy });
    this.#write('kube-proxy.json', kubeProxySettings({ node: this.name, kubeconfig }));
    await Promise.all([this.kubelet.start(), this.kubeProxy.start()]);
  }

  /** Runs a program inside the node and returns its standard output; `ctr`, `runc` and the machine's own are found by name. */
  async exec(...command: readonly string[]): Promise<string> {
    const { stdout } = await run('nsenter', [...this.#entering(), ...command], { maxBuffer: OUTPUT_BYTES });
    return stdout;
  }

  /** Archives of images (`docker save`, or an OCI layout in a tar); pods find them by their references and pull nothing. */
  async importImages(archives: readonly string[]): Promise<void> {
    for (const archive of archives) await this.exec('ctr', '--namespace=k8s.io', 'images', 'import', archive);
  }

  /** As if somebody had pulled its plug: every process in it is gone at once. Its disk stays. */
  async kill(): Promise<void> {
    await this.#init.kill();
    await unplug(this.#place);
  }

  /** After `kill`: it starts from its disk, as a machine does. */
  async boot(): Promise<void> {
    await this.#switchOn();
    await this.#announce();
    await Promise.all([this.kubelet.start(), this.kubeProxy.start()]);
  }

  cut(): Promise<void> {
    return setCable(this.#place, 'down');
  }

  async mend(): Promise<void> {
    await setCable(this.#place, 'up');
  }

  /** Another address from its network's DHCP: the kubelet starts anew with it, pods stay. */
  async changeAddress(address: string): Promise<void> {
    if (!this.#controlPlane) throw new Error(`Cannot change the address of ${this.name}: it has not joined a cluster`);
    this.#address = address;
    await giveAddress(this.#place, this.pid);
    await Promise.all([this.#announce(), this.#writeKubeletSettings(this.#controlPlane)]);
    // Routes of the node itself went with its old address.
    await Promise.all(this.#neighbours.map((node) => announce(node.#place, [this.pid])));
    await Promise.all([this.kubelet.restart('SIGTERM'), this.kubeProxy.restart('SIGTERM')]);
  }

  /** Switches it off for good, and removes what it left. */
  async remove(): Promise<void> {
    await this.kill();
    await withdraw(this.#place);
    await removeCgroup(this.#params.cgroup);
    rmSync(this.#params.directory, { recursive: true, force: true });
  }

  get #place(): Place {
    return { index: this.#params.index, address: this.#address, podCIDR: this.podCIDR };
  }

  async #switchOn(): Promise<void> {
    rmSync(join(this.#params.directory, 'is-up'), { force: true });
    await this.#init.start();
    await plugIn(this.#place, this.pid);
    await this.containerd.start();
  }

  async #untilUp(init: ClusterProgram): Promise<void> {
    const isUp = () => !init.isRunning || existsSync(join(this.#params.directory, 'is-up'));
    await until(isUp, { what: `the namespaces of ${this.name}`, everyMs: 10 });
    if (!init.isRunning) throw init.failure('ended before it was up');
  }

  /** Both ways: others to its pods, it to the pods of others. */
  async #announce(): Promise<void> {
    const others = this.#neighbours.filter(({ isOn }) => isOn);
    await announce(
      this.#place,
      others.map(({ pid }) => pid),
    );
    await Promise.all(others.map((node) => announce(node.#place, [this.pid])));
  }

  async #writeKubeletSettings({ pki }: ControlPlane): Promise<void> {
    const names = [`DNS:${this.name}`, `IP:${this.#address}`];
    const serving = await issueServing(pki, `${this.name}-serving`, { commonName: this.name, names });
    const { cgroup, logs } = this.#params;
    const podLogs = join(logs, `${this.name}-pods`);
    this.#write('kubelet.json', kubeletSettings({ caFile: pki.caFile, serving, cgroup, podLogs }));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.#params.directory, name), text);
  }

  #entering(): string[] {
    const path = `PATH=${binaryDirectory()}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    return ['--target', String(this.pid), '--mount', '--net', '--uts', '--ipc', '--pid', 'env', path];
  }

  /** @param question A command that ends with 0 in the node once the program serves */
  #program(
    name: 'containerd' | 'kubelet' | 'kube-proxy',
    args: readonly string[] | (() => readonly string[]),
    question: readonly string[],
  ): ClusterProgram {
    const words = typeof args === 'function' ? args : () => args;
    const serves = async () => {
      await this.exec(...question);
      return true;
    };
    return new ClusterProgram({
      name: `${this.name}-${name}`,
      command: 'nsenter',
      // It dies with nsenter, and so with the test: setpriv is the innermost that stays a parent's child.
      args: () => [...this.#entering(), 'setpriv', '--pdeathsig', 'KILL', binary(name), ...words()],
      log: join(this.#params.logs, `${this.name}-${name}.log`),
      isInChild: true,
      ready: async (program) => {
        const answered = async () => !program.isRunning || (await serves());
        await until(answered, { what: program.name, withinMs: START_MS });
        if (!program.isRunning) throw program.failure('ended before it served');
      },
    });
  }
}

function accepts(port: number): string[] {
  return ['bash', '-c', `: < /dev/tcp/127.0.0.1/${port}`];
}
