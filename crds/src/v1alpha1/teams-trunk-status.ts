/** What the operator writes about a TeamsTrunk. */
import { z } from 'zod';
import {
  certificate,
  lastRefusal,
  pods,
  statusList,
  statusName,
  statusOf,
  statusPort,
  target,
  type Written,
} from './status-part.ts';

const gateway = z.object({
  fqdn: statusName.meta({
    description: 'Register this name as the SBC in the tenant (New-CsOnlinePSTNGateway -Fqdn).',
  }),
  port: statusPort.meta({ description: 'With this signalling port (-SipSignalingPort).' }),
  pod: statusName.meta({ description: 'The pod that serves it.' }),
  address: z
    .string()
    .max(45)
    .optional()
    .meta({ description: 'What DNS must say for the name. Absent: the pod has no address yet.' }),
});

const dataCentre = z.object({
  host: statusName.meta({ description: 'Its name.' }),
  port: statusPort.meta({ description: 'Its port.' }),
  ...target,
});

export const teamsTrunkStatus = statusOf('TeamsTrunk', {
  gateways: statusList(gateway, 16, ['fqdn']).meta({
    description: 'The gateways to register in the tenant, exactly as they stand here.',
  }),
  dataCentres: statusList(dataCentre, 16, ['host', 'port']).meta({
    description: 'The data centres of Microsoft that calls go to.',
  }),
  receivesOptions: z.enum(['Yes', 'No', 'Unknown']).optional().meta({
    description:
      'Whether Microsoft sends OPTIONS to us. `No`: none came for some minutes; it then uses another gateway. Look at DNS and at the firewall.',
  }),
  certificate: certificate.meta({ description: 'The certificate that Microsoft gets to see.' }),
  lastRefusal,
  pods,
});

export type TeamsTrunkStatus = Written<z.output<typeof teamsTrunkStatus>>;
