/** The operator as a process of the test: the arguments of its Deployment, the token of its ServiceAccount, and nothing else. */
import { join } from 'node:path';
import { RunningProcess } from '../../kit/process.ts';
import { repository } from '../kit/binaries.ts';
import type { ControlPlane } from '../kit/control-plane.ts';

export interface Operator {
  readonly process: RunningProcess;
  /** `/readyz`, `/metrics` */
  readonly url: string;
}

interface OperatorDeployment {
  readonly namespace: string;
  readonly name: string;
  /** Of the control plane's block: no two operators share one. */
  readonly host: number;
}

export async function startOperator(
  cluster: ControlPlane,
  { namespace, name, host }: OperatorDeployment,
): Promise<Operator> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  const { template } = (await cluster.api.get(path)).body.spec;
  const { serviceAccountName, containers } = template.spec;
  const address = cluster.block.address(host);
  const main = join(repository, 'operator/src/cluster/main.ts');
  const running = new RunningProcess(process.execPath, [main, ...(containers[0].args as string[])], {
    name: 'operator',
    env: { KUBECONFIG: await cluster.kubeconfigFor(namespace, serviceAccountName as string), HEALTH_HOST: address },
  });
  cluster.endsWith(() => running.end());
  return { process: running, url: `http://${address}:8081` };
}
