/** Says what is: the outcome for the members of an instance, its own status, events where something turned. */
import { podFqdn } from '@teams-sbc/crds';
import type { SbcInstance, SbcInstanceStatus } from '@teams-sbc/crds';
import type { Problem } from '../compile/problem.ts';
import { ordinals } from '../compile/fqdns.ts';
import type { ReconcileResult } from '../frame/controller.ts';
import { formatKey } from '../frame/controller.ts';
import { selectorLabels } from '../objects/labels.ts';
import { noRoomFor } from '../objects/certificate-names.ts';
import { gatewaysOf } from '../plan/gateways.ts';
import { deletingStatus } from '../status/deleting.ts';
import { draining, OVERDUE_MS } from '../status/draining.ts';
import { certificateField, instanceStatus, START_PATIENCE_MS } from '../status/instance-status.ts';
import { sameMeaning } from '../status/same-meaning.ts';
import { atPace } from '../status/told-at-pace.ts';
import { memberName } from '../observe/gather-members.ts';
import type { InstanceMemory } from './instance-memory.ts';
import type { Applied, Look } from './look.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';
import { memberNotes, tellNotes } from './tell-notes.ts';
import { waited } from './waited.ts';

/** @returns when to look again, where that is soon */
export async function tellInstance(
  look: Look,
  { routing, rollout, failure }: Applied,
  memory: InstanceMemory,
  ports: SbcInstancePorts,
): Promise<ReconcileResult | undefined> {
  const { instance, object, views, addresses, certificate, blocked } = look;
  const wantedForMs = ports.clock.nowMs() - memory.goodSinceMs;
  const waitedMs = waited({
    status: ports.statuses.currentOf(object),
    pods: look.pods,
    nowMs: ports.clock.wallMs(),
  });
  publish(look, failure, memory, ports);
  const paced = atPace(memory.draining, draining(views, ports.clock.wallMs()), ports.clock.nowMs());
  memory.draining = paced.told;
  const status = instanceStatus({
    instance,
    blocked,
    pods: views,
    fqdns: ordinals(instance).map((ordinal) => podFqdn(instance, ordinal)),
    addresses,
    certificate,
    routing,
    wantedForMs,
    failure,
    waitedMs,
    rollout,
    draining: paced.told.outcome,
    selector: selectorText(instance),
  });
  tellEvents(look, memory, ports);
  tellNotes(look, memory, ports);
  await ports.statuses.write(object, status);
  // What is only late becomes worth a look after a while, without an event.
  const { Programmed, Available, AddressesAssigned } = status.conditions;
  const left = [
    ...(Programmed.reason === 'Pending' ? [4000] : []),
    ...(paced.againInMs === undefined ? [] : [paced.againInMs]),
    ...untilOverdue(look, ports.clock.wallMs()),
    ...(rollout.kind === 'wait' && rollout.againInMs !== undefined ? [rollout.againInMs] : []),
    ...(Available.reason === 'Starting' ? [START_PATIENCE_MS - waitedMs.Available] : []),
    ...(AddressesAssigned.reason === 'AddressPending' ? [START_PATIENCE_MS - waitedMs.AddressesAssigned] : []),
  ];
  return left.length === 0 ? undefined : { requeueAfterMs: Math.min(...left) + 1000 };
}

/** Of one that is being deleted, whatever still holds it. @returns when to look again */
export async function tellDeletion(look: Look, memory: InstanceMemory, ports: SbcInstancePorts): Promise<number> {
  const { statuses, clock } = ports;
  const { object, views } = look;
  const paced = atPace(memory.draining, draining(views, clock.wallMs()), clock.nowMs());
  memory.draining = paced.told;
  const current = statuses.currentOf(object);
  const status = deletingStatus(current, object.metadata.finalizers ?? [], paced.told.outcome);
  if (status !== undefined) await statuses.write(object, status);
  return Math.min(DELETION_MS, paced.againInMs ?? Infinity);
}

/** Finalizers come and go, and that is no change of the manifest. */
const DELETION_MS = 10_000;

/** A pod whose node is gone ends without an event. */
function untilOverdue({ views }: Look, nowMs: number): readonly number[] {
  const left = views.flatMap(({ going }) => (going === undefined ? [] : [going.killedAtMs + OVERDUE_MS - nowMs]));
  return left.filter((ms) => ms > 0);
}

function publish(
  look: Look,
  failure: string | undefined,
  memory: InstanceMemory,
  { outcomes }: SbcInstancePorts,
): void {
  const { key, members, faults, compilation, blocked, state, views, addresses, certificate } = look;
  const problems = new Map<string, Problem[]>();
  for (const problem of compilation.problems) {
    const member = memberName(problem.object.kind, problem.object.name);
    problems.set(member, [...(problems.get(member) ?? []), problem]);
  }
  const orphans = compilation.notes
    .filter(({ object }) => object.kind === 'TeamsTrunk')
    .map(({ object }) => object.name);
  outcomes.publish(formatKey(key), {
    blocked,
    failure,
    seen: members.seen,
    invalid: members.invalid,
    problems,
    former: compilation.former,
    notes: memberNotes(compilation),
    references: faults,
    hashes: compilation.trunkHashes,
    documents: memory.documents,
    wanted: memory.good?.hash,
    wantedSinceMs: memory.goodSinceMs,
    pods: views,
    gateways: state === undefined ? new Map() : gatewaysOf(state, addresses.addresses),
    certificate: certificate.status === undefined ? undefined : certificateField(certificate.status),
    uncovered: new Map(
      [...look.names.leftOut].map(([name, fqdns]) => [memberName('TeamsTrunk', name), noRoomFor(fqdns)]),
    ),
    orphans: new Set(orphans),
  });
}

/** Once for each turn, and not at all for what was well from the start, or was told by the process before this one. */
function tellEvents(look: Look, memory: InstanceMemory, { events, statuses }: SbcInstancePorts): void {
  const { object, certificate, blocked } = look;
  const wasTold = isCertificateIn(statuses.currentOf(object), certificate);
  const tell = (subject: string, type: 'Normal' | 'Warning', reason: string, message: string) => {
    const text = `${type} ${reason} ${message}`;
    const before = memory.told.get(subject);
    memory.told.set(subject, text);
    const isKnown = type === 'Normal' || (wasTold && subject.startsWith('certificate'));
    if (before === text || (before === undefined && isKnown)) return;
    events.record(object, { type, reason, message });
  };
  const { condition, warnings } = certificate;
  tell(
    'certificate',
    condition.status === 'True' ? 'Normal' : 'Warning',
    `Certificate${condition.reason}`,
    condition.message,
  );
  if (warnings.length > 0) tell('certificate-warnings', 'Warning', 'CertificateWarning', warnings.join('; '));
  else memory.told.delete('certificate-warnings');
  if (blocked === undefined) tell('document', 'Normal', 'DocumentAccepted', 'The routing state is valid');
  else tell('document', 'Warning', 'DocumentInvalid', `The last good routing state stays in force: ${blocked}`);
}

/** Whether a status that was written speaks of the same certificate, in the same words. */
function isCertificateIn(status: unknown, { condition, status: certificate }: Look['certificate']): boolean {
  const written = (status ?? {}) as SbcInstanceStatus;
  const ready = written.conditions?.find(({ type }) => type === 'CertificateReady');
  const wanted = certificate === undefined ? undefined : certificateField(certificate);
  return ready?.message === condition.message && sameMeaning(written.certificate, wanted);
}

function selectorText(instance: SbcInstance): string {
  return Object.entries(selectorLabels(instance))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
