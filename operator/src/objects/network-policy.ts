/** Who may send packets to the pods of an instance: the peers of its trunks, media from everywhere. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ListenerState, RoutingState } from '@teams-sbc/crds/runtime';
import type { KubeObject } from '../kube/kube-object.ts';
import { childMetadata } from './child-metadata.ts';
import { selectorLabels } from './labels.ts';
import { instanceName } from './names.ts';
import type { FormerRanges, SipRanges } from './sip-ranges.ts';
import { formerRangesAnnotation, noFormerRanges, sipRanges } from './sip-ranges.ts';

/** More than that becomes slow in the nodes' packet filters; the runtime itself checks every address in any case. */
const maxRanges = 1000;

/** Undefined on the network of the node, which no NetworkPolicy covers. @param former open besides */
export function networkPolicy(
  instance: SbcInstance,
  state: RoutingState,
  former: FormerRanges = noFormerRanges,
): KubeObject | undefined {
  if (instance.spec.network.mode === 'HostNetwork') return undefined;
  const wanted = sipRanges(state);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { ...childMetadata(instance, instanceName(instance)), ...formerRangesAnnotation(former) },
    spec: {
      podSelector: { matchLabels: selectorLabels(instance) },
      policyTypes: ['Ingress'],
      ingress: [
        ...state.listeners.flatMap((listener) => sipRules(listener, wanted, former)),
        ...mediaRules(instance),
        insideRule(instance),
      ],
    },
  };
}

function sipRules(listener: ListenerState, wanted: SipRanges, former: FormerRanges) {
  const ranges = new Set([...(wanted.get(listener.name) ?? []), ...(former.get(listener.name)?.keys() ?? [])]);
  if (ranges.size === 0) return [];
  const ports = [{ port: listener.port, protocol: listener.protocol === 'UDP' ? 'UDP' : 'TCP' }];
  if (ranges.size > maxRanges) return [{ ports }];
  return [{ ports, from: [...ranges].toSorted().map((cidr) => ({ ipBlock: { cidr } })) }];
}

/** From everywhere: Microsoft's media comes from other addresses than its signalling, and that of phones from theirs. */
function mediaRules(instance: SbcInstance) {
  const { engine, portRange } = instance.spec.media;
  if (engine === 'None') return [];
  return [{ ports: [{ port: portRange.start, endPort: portRange.end, protocol: 'UDP' }] }];
}

/** Prometheus and the operator, wherever in the cluster they are; probes come from the node, which is always allowed. */
function insideRule(instance: SbcInstance) {
  const { port, statusPort } = instance.spec.observability;
  return {
    ports: [port, statusPort].map((each) => ({ port: each, protocol: 'TCP' })),
    from: [{ namespaceSelector: {} }],
  };
}
