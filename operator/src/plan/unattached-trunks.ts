/** Trunks whose `sbcRef` names no instance of their namespace. Pure. */
import type { PbxTrunk, SbcInstance, TeamsTrunk } from '@teams-sbc/crds';
import type { Problem } from '../compile/problem.ts';
import { refOf } from '../compile/problem.ts';

export function unattachedTrunks(
  instances: readonly SbcInstance[],
  trunks: readonly (TeamsTrunk | PbxTrunk)[],
): readonly Problem[] {
  const problems: Problem[] = [];
  for (const trunk of trunks) {
    const object = refOf(trunk);
    const { name } = trunk.spec.sbcRef;
    const neighbours = instances.map(refOf).filter(({ namespace }) => namespace === object.namespace);
    if (neighbours.some((instance) => instance.name === name)) continue;
    const allowed = neighbours.length === 0 ? 'none exists there' : neighbours.map((each) => each.name).join(', ');
    const message = `found ${name}, allowed the name of an SbcInstance in namespace ${object.namespace} (${allowed})`;
    problems.push({ object, field: 'spec.sbcRef.name', reason: 'InstanceNotFound', message, blocking: false });
  }
  return problems;
}
