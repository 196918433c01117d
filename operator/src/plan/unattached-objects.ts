/** Objects whose `sbcRef` names no instance of their namespace. Pure. */
import type { SbcInstance } from '@teams-sbc/crds';
import type { AttachedObject } from '../compile/attached.ts';
import type { Problem } from '../compile/problem.ts';
import { refOf } from '../compile/problem.ts';

/** @param objects trunks, CallRoutes and NumberPolicies */
export function unattachedObjects(
  instances: readonly SbcInstance[],
  objects: readonly AttachedObject[],
): readonly Problem[] {
  const names = Map.groupBy(instances.map(refOf), ({ namespace }) => namespace);
  const problems: Problem[] = [];
  for (const each of objects) {
    const object = refOf(each);
    const { name } = each.spec.sbcRef;
    const neighbours = names.get(object.namespace) ?? [];
    if (neighbours.some((instance) => instance.name === name)) continue;
    const allowed = neighbours.length === 0 ? 'none exists there' : neighbours.map((one) => one.name).join(', ');
    const message = `found ${name}, allowed the name of an SbcInstance in namespace ${object.namespace} (${allowed})`;
    problems.push({ object, field: 'spec.sbcRef.name', reason: 'InstanceNotFound', message, blocking: false });
  }
  return problems;
}
