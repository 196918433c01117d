/** The media relay of an instance. */
import { z } from 'zod';
import { port } from './field.ts';
import { withRules } from './rule.ts';

/** Two legs, each with RTP and RTCP. */
export const portsPerCall = 4;

const portRange = withRules(
  z.strictObject({
    start: z
      .int()
      .min(1024)
      .max(65534)
      .meta({ description: 'First port, an even number.', examples: [30000] }),
    end: z
      .int()
      .min(1025)
      .max(65535)
      .meta({ description: 'Last port, included.', examples: [34999] }),
  }),
  [
    {
      cel: 'self.start % 2 == 0',
      message: 'start must be an even number, because RTP uses even ports and RTCP the port above (RFC 3550)',
      holds: (self) => self.start % 2 === 0,
      path: ['start'],
    },
    {
      cel: 'self.end > self.start',
      message: 'end must be greater than start',
      holds: (self) => self.end > self.start,
      path: ['end'],
    },
  ],
)
  .prefault({ start: 30000, end: 34999 })
  .meta({
    description: `UDP ports for media. A call takes ${String(portsPerCall)}: two legs, each with RTP and RTCP. Open them in the firewall towards Teams and the PBXs.`,
  });

export const media = z
  .strictObject({
    engine: z.enum(['RTPEngine', 'None']).default('RTPEngine').meta({
      description:
        'What carries sound. `RTPEngine`: a sidecar in every pod relays, and translates between SRTP (Teams) and RTP (PBX). `None`: SDP passes as it is and media flows past the SBC, for load tests of signalling.',
    }),
    forwarding: z.enum(['Userspace', 'Kernel']).default('Userspace').meta({
      description:
        'Who carries the packets of a call. `Userspace`: RTPEngine itself, which needs nothing of the node. `Kernel`: the kernel module xt_RTPENGINE, which takes a fraction of the processor; the node needs the module and one rule of its packet filter, RTPEngine runs as root with NET_ADMIN, and no two such instances share a node. Where the module is missing, RTPEngine says so in its log and goes on in user space. Only with network.mode HostNetwork.',
    }),
    portRange,
    controlPort: port.default(2223).meta({
      description:
        'UDP port on which the sidecar takes commands from the runtime, on the loopback address of the pod or the bind address.',
    }),
  })
  .prefault({})
  .meta({ description: 'The media relay.' });
