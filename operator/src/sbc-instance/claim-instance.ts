/** Whether this operator is the one that looks after an instance; asks, and objects, by an annotation of its StatefulSet. */
import type { Key } from '../frame/controller.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { Claim } from '../plan/plan-claim.ts';
import { OBJECTION_MS, operatorAnnotation, otherOperator, stepClaim } from '../plan/plan-claim.ts';
import type { InstanceMemory } from './instance-memory.ts';
import { statefulSetOf } from './observe-instance.ts';
import type { SbcInstancePorts } from './sbc-instance-ports.ts';

/** Apart from the children, which who asks does not write. */
const claimFieldManager = 'teams-sbc-operator-claim';

/** @returns when to look again; undefined: it is ours */
export async function claimInstance(
  { key, object }: { readonly key: Key; readonly object: KubeObject },
  memory: InstanceMemory,
  ports: SbcInstancePorts,
): Promise<number | undefined> {
  const { identity, clock, stores } = ports;
  if (identity === undefined) return undefined;
  const set = statefulSetOf(stores, object, key);
  const found = set && isChildOf(set, object) ? claimed(set) : undefined;
  const before = memory.claim;
  const { claim, isToWrite, againInMs } = stepClaim(before, { identity, found, nowMs: clock.nowMs() });
  if (set !== undefined && isToWrite) {
    try {
      await write(set, identity, ports);
    } catch (error) {
      // Nobody was asked, and nobody has heard an objection: the next look tries again. What is ours is looked after meanwhile.
      if (againInMs !== undefined) throw error;
      return undefined;
    }
  }
  memory.claim = claim;
  tell(object, before, claim, ports);
  return againInMs;
}

const claimed = ({ metadata: { annotations, resourceVersion } }: KubeObject) => ({
  operator: annotations?.[operatorAnnotation],
  version: resourceVersion,
});

/** Of one that is not, whoever wants to write it hears why not. */
const isChildOf = ({ metadata }: KubeObject, owner: KubeObject) =>
  metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true;

async function write({ apiVersion, kind, metadata }: KubeObject, identity: string, { kube }: SbcInstancePorts) {
  const { name, namespace, uid } = metadata;
  const annotations = { [operatorAnnotation]: identity };
  // With the uid, so that one which is gone is not made of an annotation alone.
  const named = { apiVersion, kind, metadata: { name, namespace, uid, annotations } };
  await kube.apply(named, { fieldManager: claimFieldManager, force: true });
}

function tell(object: KubeObject, before: Claim, claim: Claim, { identity = '', events }: SbcInstancePorts): void {
  const other = otherOperator(claim);
  if (other !== undefined && claim !== before) {
    const message = `It is looked after by the operator of namespace ${namespaceOf(other)}: that of namespace ${namespaceOf(identity)} leaves it alone; uninstall one of them, or give them namespaces that do not overlap (watchNamespaces)`;
    events.record(object, { type: 'Warning', reason: 'OtherOperator', message, action: 'Claim' });
  }
  if (before.kind === 'asking' && claim.kind === 'ours') {
    const message = `The operator of namespace ${namespaceOf(before.of)} has not objected for ${String(OBJECTION_MS / 1000)} s: that of namespace ${namespaceOf(identity)} looks after it from now on`;
    events.record(object, { type: 'Normal', reason: 'TakenOver', message, action: 'Claim' });
  }
}

const namespaceOf = (operator: string) => operator.split('/', 1)[0] ?? '';
