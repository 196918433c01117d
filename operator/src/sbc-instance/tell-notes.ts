/** What is served as it is written and hardly meant so: for the condition Accepted of each member, and once as an event. */
import type { Compilation } from '../compile/compile.ts';
import { memberName } from '../observe/gather-members.ts';
import type { InstanceMemory } from './instance-memory.ts';
import type { Look } from './look.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';

/** By `Kind/name`. Those of TeamsTrunks stand in conditions of their own. */
export function memberNotes({ notes }: Compilation): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { object, message } of notes) {
    if (object.kind !== 'CallRoute') continue;
    const member = memberName(object.kind, object.name);
    found.set(member, [...(found.get(member) ?? []), message]);
  }
  return found;
}

/** Once for each note, until it is another or gone. */
export function tellNotes({ key, compilation }: Look, { notes: told }: InstanceMemory, ports: SbcInstancePorts): void {
  const found = memberNotes(compilation);
  for (const member of told.keys()) if (!found.has(member)) told.delete(member);
  for (const [member, messages] of found) {
    const message = messages.join('; ');
    const route = ports.stores.callRoutes.get(key.namespace, member.slice(member.indexOf('/') + 1));
    if (told.get(member) === message || route === undefined) continue;
    told.set(member, message);
    ports.events.record(route, { type: 'Warning', reason: 'UnlikelyRoute', message });
  }
}
