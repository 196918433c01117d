/** Where the pods of an instance listen for SIP. */
import { z } from 'zod';
import { port } from './field.ts';
import { listMap, withRules } from './rule.ts';

const listener = withRules(
  z.strictObject({
    kind: z.enum(['TeamsTrunk', 'PbxTrunk']).meta({ description: 'The kind of trunk that this listener serves.' }),
    transport: z
      .enum(['TLS', 'UDP', 'TCP'])
      .meta({ description: 'Transport protocol. A listener for TeamsTrunk is always TLS.' }),
    port: port.meta({
      description:
        'Port to listen on, on the address of the pod. Teams dials the port that the gateway is registered with in the tenant.',
      examples: [5061],
    }),
  }),
  [
    {
      cel: "self.kind != 'TeamsTrunk' || self.transport == 'TLS'",
      message: 'a listener for TeamsTrunk is TLS, because Teams speaks nothing else: set transport to TLS',
      holds: (self) => self.kind !== 'TeamsTrunk' || self.transport === 'TLS',
      path: ['transport'],
    },
  ],
);

export const listeners = withRules(listMap(z.array(listener).min(1).max(4), ['kind', 'transport']), [
  {
    cel: "self.all(a, self.exists_one(b, a.port == b.port && (a.transport == 'UDP') == (b.transport == 'UDP')))",
    message: 'two listeners share a port: give each its own (UDP counts apart, TCP and TLS count together)',
    holds: (self) =>
      new Set(self.map((l) => `${l.transport === 'UDP' ? 'UDP' : 'TCP'}/${String(l.port)}`)).size === self.length,
  },
])
  .prefault([
    { kind: 'TeamsTrunk', transport: 'TLS', port: 5061 },
    { kind: 'PbxTrunk', transport: 'UDP', port: 5060 },
  ])
  .meta({
    description:
      'Where every pod listens for SIP: at most one listener for each kind of trunk and transport. A trunk finds its listener by its kind and transport.',
  });
