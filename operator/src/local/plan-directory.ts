/** The plan of everything in a directory. Local mode serves all of it or refuses it whole, so every problem counts. Pure. */
import type { ObjectRef, Problem } from '../compile/problem.ts';
import { refText } from '../compile/problem.ts';
import type { PlannedInstance } from '../plan/plan-instance.ts';
import { planInstance } from '../plan/plan-instance.ts';
import { unattachedObjects } from '../plan/unattached-objects.ts';
import type { SourceFile } from './documents.ts';
import type { LocalProblem } from './local-problem.ts';
import type { Resources } from './resources.ts';
import { readResources } from './resources.ts';

export interface DirectoryPlan {
  readonly resources: Resources;
  /** Ordered by namespace and name. */
  readonly instances: readonly PlannedInstance[];
  readonly problems: readonly LocalProblem[];
  readonly notes: readonly string[];
}

export function planDirectory(files: readonly SourceFile[]): DirectoryPlan {
  const { resources, problems, notes } = readResources(files);
  const { instances, teamsTrunks, pbxTrunks, callRoutes, numberPolicies } = resources;
  // A trunk of an instance that is wrong itself is not blamed for it.
  if (problems.length > 0) return { resources, instances: [], problems, notes };
  if (instances.length === 0) {
    const message = `found no SbcInstance in ${String(files.length)} files (*.yaml, *.yml, *.json), allowed at least one`;
    return { resources, instances: [], problems: [{ message }], notes };
  }
  const plans = instances
    .map((instance) => planInstance({ instance, teamsTrunks, pbxTrunks, callRoutes, numberPolicies }))
    .toSorted((a, b) => (refText(a.instance) < refText(b.instance) ? -1 : 1));
  const attachable = [...teamsTrunks, ...pbxTrunks, ...callRoutes, ...numberPolicies];
  const found: Problem[] = [...unattachedObjects(instances, attachable)];
  const planned: PlannedInstance[] = [];
  const said: string[] = [...notes];
  for (const plan of plans) {
    found.push(...plan.problems);
    if (plan.kind === 'planned') planned.push(plan);
    for (const note of plan.notes) said.push(`${refText(note.object)}: ${note.message}`);
  }
  return { resources, instances: planned, problems: found.map((each) => placed(resources, each)), notes: said };
}

function placed(resources: Resources, { object, field, message }: Problem): LocalProblem {
  return placedProblem(resources, object, field, message);
}

/** A problem with the file and line of its object. */
export function placedProblem(resources: Resources, object: ObjectRef, field: string, message: string): LocalProblem {
  return { ...resources.placeOf(object, field), object: refText(object), field, message };
}
