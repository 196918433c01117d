/** The port of a Service that leads to a listener. Pure. */
import type { ListenerState } from '@teams-sbc/crds/runtime';

export function servicePort({ name, port, protocol }: ListenerState) {
  return { name, port, targetPort: name, protocol: protocol === 'UDP' ? 'UDP' : 'TCP' };
}
