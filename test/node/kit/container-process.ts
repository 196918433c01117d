/** The first process of a pod's container, looked at from its node: what the kernel says of it, and the files that it sees. */
import type { Said } from '../../cluster/kit/api-client.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';
import { systemNamespace } from '../../cluster/packaging/helm.ts';
import type { ClusterNode } from './cluster-node.ts';

/** Where every client of the API looks for its token. */
export const ACCOUNT_DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount';

/** What holds a process back; numbers and sets as the kernel writes them. */
export interface Fetters {
  /** Real, effective, saved and of the file system. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Effective, permitted, inheritable, ambient and bounding. */
  readonly capabilities: readonly string[];
  readonly mayGainPrivileges: boolean;
  /** 0: none, 2: a filter. */
  readonly seccomp: number;
  readonly isRootReadOnly: boolean;
}

export class ContainerProcess {
  readonly #node: ClusterNode;
  /** In the process namespace of the node. */
  readonly #pid: number;

  private constructor(node: ClusterNode, pid: number) {
    this.#node = node;
    this.#pid = pid;
  }

  /** @throws Error where the container does not run */
  static async of(node: ClusterNode, pod: Said, container: string): Promise<ContainerProcess> {
    const { containerStatuses = [], initContainerStatuses = [] } = pod.status;
    const found = ([...containerStatuses, ...initContainerStatuses] as Said[]).find(({ name }) => name === container);
    const id = ((found?.containerID as string | undefined) ?? '').replace('containerd://', '');
    const tasks = await node.exec('ctr', '--namespace=k8s.io', 'tasks', 'ls');
    const line = tasks.split('\n').find((each) => id !== '' && each.startsWith(id));
    const pid = Number(line?.split(/\s+/)[1]);
    if (!(pid > 0)) throw new Error(`Cannot find the process of ${container}: it does not run on ${node.name}`);
    return new ContainerProcess(node, pid);
  }

  async fetters(): Promise<Fetters> {
    const [status, mounts] = await Promise.all([this.#proc('status'), this.#proc('mountinfo')]);
    const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
    const ids = (name: string) => field(name).split(/\s+/).map(Number);
    // mountinfo: id, parent, device, root, mount point, options (proc(5)).
    const root = mounts.split('\n').find((line) => line.split(' ')[4] === '/');
    return {
      ...{ uids: ids('Uid'), gids: ids('Gid') },
      capabilities: ['CapEff', 'CapPrm', 'CapInh', 'CapAmb', 'CapBnd'].map(field),
      mayGainPrivileges: field('NoNewPrivs') !== '1',
      seccomp: Number(field('Seccomp')),
      isRootReadOnly: root?.split(' ')[5]?.split(',').includes('ro') === true,
    };
  }

  /** Its environment, as it was given. */
  async environment(): Promise<string> {
    return (await this.#proc('environ')).replaceAll('\0', '\n');
  }

  /** The command line that everybody on the node can read. */
  async commandLine(): Promise<string> {
    return (await this.#proc('cmdline')).replaceAll('\0', ' ');
  }

  /** A file as it sees it. */
  read(path: string): Promise<string> {
    return this.#node.exec('cat', this.#seen(path));
  }

  /** `stat --format`, of a file; `isOfMount`: of the file system below it. */
  async stat(path: string, format: string, { isOfMount = false } = {}): Promise<string> {
    const further = isOfMount ? ['--file-system'] : [];
    return (await this.#node.exec('stat', ...further, `--format=${format}`, this.#seen(path))).trim();
  }

  /** Names in that directory; empty where there is none. */
  async list(path: string): Promise<string[]> {
    const names = await this.#node.exec('ls', '-A', this.#seen(path)).catch(() => '');
    return names.split('\n').filter((name) => name !== '');
  }

  token(): Promise<string> {
    return this.read(`${ACCOUNT_DIRECTORY}/token`);
  }

  /** HTTP through a unix socket that it has. */
  ask(socket: string, path: string): Promise<string> {
    return this.#node.exec('curl', '--silent', '--unix-socket', this.#seen(socket), `http://socket${path}`);
  }

  async kill(signal: 'KILL' | 'TERM' = 'KILL'): Promise<void> {
    await this.#node.exec('kill', `-${signal}`, String(this.#pid));
  }

  #proc(file: string): Promise<string> {
    return this.#node.exec('cat', `/proc/${this.#pid}/${file}`);
  }

  #seen(path: string): string {
    return `/proc/${this.#pid}/root${path}`;
  }
}

/** The one that is there to stay. @throws Error where none runs */
export async function operatorPod({ api }: ControlPlane): Promise<Said> {
  const labelSelector = 'app.kubernetes.io/component=operator';
  const { body } = await api.get(`/api/v1/namespaces/${systemNamespace}/pods`, { labelSelector });
  const pod = (body.items as Said[]).find(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running',
  );
  if (pod === undefined) throw new Error('Cannot find the operator: none of its pods runs');
  return pod;
}
