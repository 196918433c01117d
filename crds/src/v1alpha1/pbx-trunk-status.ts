/** What the operator writes about a PbxTrunk. */
import { z } from 'zod';
import {
  lastRefusal,
  pods,
  statusList,
  statusName,
  statusOf,
  statusPort,
  target,
  type Written,
} from './status-part.ts';

const peer = z.object({
  name: statusName.meta({ description: 'Its name in spec.peers.' }),
  host: statusName.meta({ description: 'Its host.' }),
  port: statusPort.optional().meta({ description: 'Its port. Absent: looked up.' }),
  ...target,
});

export const pbxTrunkStatus = statusOf('PbxTrunk', {
  peers: statusList(peer, 16, ['name']).meta({ description: 'The hosts of the PBX.' }),
  lastRefusal,
  pods,
});

export type PbxTrunkStatus = Written<z.output<typeof pbxTrunkStatus>>;
