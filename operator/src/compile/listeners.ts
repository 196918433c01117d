/** The sockets of an instance. The schema allows one for each kind of trunk and transport, so that pair names it. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { ListenerState } from '@teams-sbc/crds/runtime';

export function compileListeners(instance: SbcInstance): ListenerState[] {
  return instance.spec.listeners.map(({ kind, transport, port }) => ({
    name: listenerName(kind, transport),
    serves: kind,
    protocol: transport,
    port,
  }));
}

/** At most 15 characters: it names a container port too. */
function listenerName(serves: ListenerState['serves'], protocol: ListenerState['protocol']): string {
  return `${serves === 'TeamsTrunk' ? 'teams' : 'pbx'}-${protocol.toLowerCase()}`;
}
