/** What `cmctl renew` does: cert-manager issues that Certificate anew, whatever its dates say. */
import type { Said } from '../../cluster/kit/api-client.ts';
import type { ControlPlane } from '../../cluster/kit/control-plane.ts';

export async function renewCertificate({ api }: ControlPlane, namespace: string, name: string): Promise<void> {
  const path = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${name}`;
  const { metadata, status } = (await api.get(path)).body;
  const issuing = {
    ...{ type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'Re-issuance manually triggered' },
    ...{ lastTransitionTime: new Date().toISOString(), observedGeneration: metadata.generation as number },
  };
  const body = { status: { conditions: [...(status.conditions as Said[]), issuing] } };
  const answer = await api.send('PATCH', `${path}/status`, { body, contentType: 'application/merge-patch+json' });
  if (answer.status !== 200) throw new Error(`Cannot renew ${namespace}/${name}: ${answer.status}`);
}
