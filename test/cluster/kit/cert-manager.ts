/** The real controllers of cert-manager beside a control plane: CA, self-signed and ACME issuers, no webhook. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { binary, certManagerCrds } from './binaries.ts';
import { ClusterProgram } from './cluster-program.ts';
import type { ControlPlane } from './control-plane.ts';
import { until } from './until.ts';

/**
 * Installs its CustomResourceDefinitions and starts it; ends with the control plane.
 *
 * @param nameServer Address and port: where it looks for the answers to ACME's challenges. Default: the machine's
 */
export async function startCertManager(cluster: ControlPlane, nameServer = ''): Promise<ClusterProgram> {
  const directory = certManagerCrds();
  await cluster.installCrdFiles(readdirSync(directory).map((file) => join(directory, file)));
  await cluster.createNamespace('cert-manager');
  const program = new ClusterProgram({
    name: 'cert-manager',
    command: binary('cert-manager'),
    args: [`--kubeconfig=${cluster.kubeconfig}`, `--dns01-recursive-nameservers=${nameServer}`],
    log: join(cluster.logs, 'cert-manager.log'),
    ready: async (started) => {
      await until(() => started.logged('controllers started'), { what: 'cert-manager' });
    },
  });
  cluster.endsWith(() => program.kill());
  await program.start();
  return program;
}
