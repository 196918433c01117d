/** What `kubectl diff --server-side` says. It reads, and then asks what would be: a status that is written between the two is told as well. */
import type { ControlPlane } from '../kit/control-plane.ts';
import { until } from '../kit/until.ts';

type Manifests = { readonly input?: string };

export function difference(cluster: ControlPlane, manifests: Manifests, ...args: string[]): Promise<string> {
  return cluster.kubectlWith({ ...manifests, codes: [0, 1] }, 'diff', '--server-side', ...args);
}

export async function untilNoDifference(cluster: ControlPlane, manifests: Manifests, ...args: string[]): Promise<void> {
  let last = '';
  const isNone = async () => {
    last = await difference(cluster, manifests, ...args);
    return last === '';
  };
  await until(isNone, { what: 'no difference' }).catch((error: unknown) => {
    throw new Error(`The last difference was:\n${last}`, { cause: error });
  });
}
