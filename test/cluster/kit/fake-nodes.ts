/** Node objects that stay Ready: their leases are renewed as a kubelet does. */
import type { ControlPlane } from './control-plane.ts';
import type { PodObject } from './pod-types.ts';

export interface FakeNode {
  readonly name: string;
  readonly address: string;
}

/** A pod that has its node, whether it runs yet or not. */
export interface PlacedPod {
  readonly nodeName: string;
  readonly hostNetwork: boolean;
}

const FIRST_NODE_HOST = 90;
const MAX_NODES = 9;
const RENEW_MS = 5000;

export class FakeNodes {
  readonly all: readonly FakeNode[];
  readonly #cluster: ControlPlane;
  #renewal: NodeJS.Timeout | undefined;
  /** The API server was away: the controller manager may have given the nodes up. */
  #hasMissed = false;

  private constructor(cluster: ControlPlane, all: readonly FakeNode[]) {
    this.#cluster = cluster;
    this.all = all;
  }

  static async create(cluster: ControlPlane, count: number): Promise<FakeNodes> {
    if (count < 1 || count > MAX_NODES) throw new RangeError(`Cannot make ${count} nodes: 1 to ${MAX_NODES}`);
    const nodes = Array.from({ length: count }, (_, index) => ({
      name: `node-${index + 1}`,
      address: cluster.block.address(FIRST_NODE_HOST + index),
    }));
    for (const node of nodes) await createNode(cluster, node);
    const fake = new FakeNodes(cluster, nodes);
    fake.#renewal = setInterval(() => void fake.#renew(), RENEW_MS);
    return fake;
  }

  named(name: string): FakeNode | undefined {
    return this.all.find((node) => node.name === name);
  }

  /** The node with the fewest pods; one on the host network shares its node with no other such pod. */
  freeFor({ spec }: PodObject, placed: readonly PlacedPod[]): FakeNode | undefined {
    const on = ({ name }: FakeNode) => placed.filter(({ nodeName }) => nodeName === name);
    return this.all
      .filter((node) => spec.hostNetwork !== true || !on(node).some(({ hostNetwork }) => hostNetwork))
      .toSorted((a, b) => on(a).length - on(b).length)[0];
  }

  stop(): void {
    clearInterval(this.#renewal);
  }

  async #renew(): Promise<void> {
    for (const { name } of this.all) {
      const body = lease(name);
      const path = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`;
      const query = { fieldManager: 'process-kubelet', force: 'true' };
      const renewal = { body, query, contentType: 'application/apply-patch+yaml' };
      // An API server that is away finds the next one.
      const answer = await this.#cluster.api.send('PATCH', path, renewal).catch(() => undefined);
      if (answer?.status !== 200) this.#hasMissed = true;
    }
    await this.#comeBack().catch(() => undefined);
  }

  /**
   * After an API server that was away the controller manager sees nodes and leases again each in its own time, and gives a node up
   * whose lease it does not see yet: as a kubelet does, it says again that it is ready, however late that is.
   */
  async #comeBack(): Promise<void> {
    for (const node of this.all)
      if (this.#hasMissed || !(await isSaidReady(this.#cluster, node))) await reportStatus(this.#cluster, node);
    this.#hasMissed = false;
  }
}

function lease(name: string) {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: new Date().toISOString().replace('Z', '000Z') },
  };
}

async function createNode({ api }: Pick<ControlPlane, 'api'>, { name, address }: FakeNode): Promise<void> {
  const metadata = { name, labels: { 'kubernetes.io/hostname': name } };
  const created = await api.send('POST', '/api/v1/nodes', { body: { apiVersion: 'v1', kind: 'Node', metadata } });
  if (created.status !== 201) throw new Error(`Cannot create node ${name}: ${JSON.stringify(created.body)}`);
  await reportStatus({ api }, { name, address });
}

async function isSaidReady({ api }: Pick<ControlPlane, 'api'>, { name }: FakeNode): Promise<boolean> {
  const { body } = await api.get(`/api/v1/nodes/${name}`);
  const conditions = (body.status.conditions ?? []) as readonly { readonly type: string; readonly status: string }[];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

async function reportStatus({ api }: Pick<ControlPlane, 'api'>, { name, address }: FakeNode): Promise<void> {
  const resources = { cpu: '16', memory: '64Gi', pods: '110' };
  const heartbeat = new Date().toISOString();
  const status = {
    capacity: resources,
    allocatable: resources,
    addresses: [
      { type: 'InternalIP', address },
      { type: 'ExternalIP', address },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'ProcessKubelet',
        message: '',
        lastHeartbeatTime: heartbeat,
        lastTransitionTime: heartbeat,
      },
    ],
  };
  const path = `/api/v1/nodes/${name}/status`;
  await api.send('PATCH', path, { body: { status }, contentType: 'application/merge-patch+json' });
}
