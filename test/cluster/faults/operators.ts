/** Operators as processes of the test, each with a ServiceAccount of its own: the audit log tells them apart. */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { RunningProcess } from '../../kit/process.ts';
import type { AuditedWrite } from '../kit/audit-log.ts';
import { repository } from '../kit/binaries.ts';
import type { ControlPlane } from '../kit/control-plane.ts';
import { until } from '../kit/until.ts';

const systemNamespace = 'teams-sbc-system';
/** A tenth of what it takes by default: what a test waits for is what it says, not when it looks. */
const periods = ['--recheck-seconds=3', '--report-seconds=1'];
export const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${systemNamespace}/leases/teams-sbc-operator`;

/** The namespace and the rights of config/rbac, bound to nobody but its own account yet. */
export async function installRights(cluster: ControlPlane, namespace = systemNamespace): Promise<void> {
  await cluster.createNamespace(namespace);
  const folder = join(repository, 'config/rbac');
  await cluster.kubectl('apply', '--server-side', `--namespace=${namespace}`, '-k', folder);
}

export interface OperatorParams {
  readonly name: string;
  /** Of the control plane's block: no two operators share one. */
  readonly host: number;
  /** That of its release, and of its Lease. */
  readonly system?: string;
  readonly args?: readonly string[];
}

export class OperatorProcess {
  /** As the audit log names it. */
  readonly user: string;
  readonly url: string;
  readonly process: RunningProcess;
  readonly #cluster: ControlPlane;

  constructor(cluster: ControlPlane, params: OperatorParams, kubeconfig: string) {
    const { name, system = systemNamespace, args: extra = [] } = params;
    const address = cluster.block.address(params.host);
    this.#cluster = cluster;
    this.user = `system:serviceaccount:${system}:${name}`;
    this.url = `http://${address}:8081`;
    const main = join(repository, 'operator/src/cluster/main.ts');
    const args = [`--leader-election-namespace=${system}`, '--health-port=8081', ...periods, ...extra];
    // prctl(2) PR_SET_PDEATHSIG: also a test that was killed with SIGKILL leaves nothing behind.
    this.process = new RunningProcess('setpriv', ['--pdeathsig', 'KILL', process.execPath, main, ...args], {
      name,
      env: { KUBECONFIG: kubeconfig, HEALTH_HOST: address, POD_NAME: name },
    });
  }

  async untilItLeads(withinMs = 40_000): Promise<void> {
    await this.process.waitForLine(/"Became the leader"/, withinMs);
  }

  async untilItWaits(): Promise<void> {
    await this.process.waitForLine(/"Caches are filled"/, 40_000);
  }

  /** As a crash; resolves when it is gone. */
  async kill(): Promise<void> {
    this.process.signal('SIGKILL');
    await this.process.ended;
  }

  /** What it wrote, those of the lease left out. */
  writes(since = 0): AuditedWrite[] {
    return this.#cluster.audit.writes(
      ({ user, resource, atMs }) => user === this.user && resource !== 'leases' && atMs >= since,
    );
  }

  leaseWrites(): AuditedWrite[] {
    return this.#cluster.audit.writes(({ user, resource }) => user === this.user && resource === 'leases');
  }

  /** Resolves when it has written nothing but its lease for so long. */
  async untilItRests(quietMs = 3000, withinMs = 60_000): Promise<void> {
    const isQuiet = () => this.writes(Date.now() - quietMs).length === 0;
    await delay(quietMs);
    await until(isQuiet, { what: `${this.process.name} to rest`, withinMs, everyMs: 250 });
  }
}

export async function startOperator(cluster: ControlPlane, params: OperatorParams): Promise<OperatorProcess> {
  const { name, system = systemNamespace } = params;
  await grant(cluster, name, system);
  const kubeconfig = await cluster.kubeconfigFor(system, name);
  const operator = new OperatorProcess(cluster, params, kubeconfig);
  cluster.endsWith(() => operator.process.end());
  return operator;
}

async function grant(cluster: ControlPlane, name: string, namespace: string): Promise<void> {
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const role = (kind: string, of: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: of });
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', subjects };
  const metadata = { name, namespace };
  await cluster.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { ...rbac, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: role('ClusterRole', 'teams-sbc-operator') },
    { ...rbac, kind: 'RoleBinding', metadata, roleRef: role('Role', 'teams-sbc-operator-leader') },
  ]);
}
