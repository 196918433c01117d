/** What the operator writes about an SbcInstance. */
import { z } from 'zod';
import { certificate, podCount, statusList, statusName, statusOf, statusText, type Written } from './status-part.ts';

const address = z.object({
  pod: statusName.meta({ description: 'Name of the pod.' }),
  fqdn: statusName.meta({ description: 'Its FQDN: point a DNS record of type A to the address.' }),
  address: z.string().max(45).optional().meta({ description: 'Its public address. Absent: it has none yet.' }),
  source: z
    .enum(['Spec', 'LoadBalancer', 'NodeExternalIP', 'NodeInternalIP', 'PodIP'])
    .optional()
    .meta({ description: 'Where the address comes from.' }),
});

const routing = z
  .object({
    hash: statusText.meta({ description: 'Of the current routing state; pods report the one that they run.' }),
    shards: z.int().min(0).max(8192).meta({ description: 'ConfigMaps that it takes.' }),
    podsInSync: podCount.meta({ description: 'Ready pods that run it.' }),
  })
  .optional()
  .meta({ description: 'The routing state that is made of all manifests of the instance.' });

export const sbcInstanceStatus = statusOf('SbcInstance', {
  replicas: podCount.optional().meta({ description: 'Pods that exist.' }),
  readyReplicas: podCount.optional().meta({ description: 'Pods that are ready.' }),
  selector: z.string().max(512).optional().meta({ description: 'Labels of the pods, for the scale subresource.' }),
  addresses: statusList(address, 16, ['pod']).meta({
    description: 'What DNS must say: one name and address for each pod.',
  }),
  addressList: z.string().max(1024).optional().meta({ description: 'All addresses in one line, for kubectl get.' }),
  certificate: certificate.meta({ description: 'The certificate as it is in its Secret.' }),
  routing,
});

export type SbcInstanceStatus = Written<z.output<typeof sbcInstanceStatus>>;
