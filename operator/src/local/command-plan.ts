/** `sbc validate` and `sbc plan`: what a directory says, without starting anything. */
import { stringify } from 'yaml';
import { routingConfigMap } from '../objects/routing-config-map.ts';
import { refOf, refText } from '../compile/problem.ts';
import { judgedCertificates } from './check-references.ts';
import { problemText } from './local-problem.ts';
import type { DirectoryPlan } from './plan-directory.ts';
import { planDirectory } from './plan-directory.ts';
import { readManifests } from './watch-directory.ts';

export interface CommandResult {
  /** For standard output. */
  readonly lines: readonly string[];
  /** For standard error; any of them means failure. */
  readonly problems: readonly string[];
}

/**
 * Ports and programs are looked at by `sbc local` alone, and so is a Secret that is missing: manifests for a cluster are
 * valid without them. A certificate that is there is judged.
 */
export async function validate(directory: string, wallMs: number): Promise<CommandResult> {
  const plan = planDirectory(await readManifests(directory));
  const lines = [...plan.notes.map((note) => `note: ${note}`)];
  const judged = judgedCertificates(plan.resources, plan.problems.length === 0 ? plan.instances : [], wallMs);
  lines.push(...judged.warnings.map((warning) => `warning: ${problemText(warning)}`));
  const problems = [...plan.problems, ...judged.problems];
  if (problems.length === 0) {
    for (const { instance, state } of plan.instances) {
      lines.push(
        `valid ${refText(instance)}: ${count(state.pods, 'pod')}, ${count(state.trunks, 'trunk')}, ${count([...state.routes, ...(state.callRoutes ?? [])], 'route')}`,
      );
    }
  }
  return { lines, problems: problems.map(problemText) };
}

/** The documents that the operator would make of it, as YAML. */
export async function plan(directory: string): Promise<CommandResult> {
  const planned = planDirectory(await readManifests(directory));
  const documents = planned.problems.length > 0 ? [] : plannedDocuments(planned);
  const notes = planned.notes.map((note) => `# note: ${note}`);
  return { lines: [...notes, ...documents], problems: planned.problems.map(problemText) };
}

function plannedDocuments({ instances, resources }: DirectoryPlan): string[] {
  return instances.flatMap((plan) => {
    const instance = resources.instances.find((each) => refText(refOf(each)) === refText(plan.instance));
    if (instance === undefined) return [];
    const template = { apiVersion: 'v1', kind: 'PodTemplate', metadata: plan.instance, template: plan.podTemplate };
    const { name, namespace } = plan.instance;
    return [
      document(`${refText(plan.instance)}: routing state ${plan.hash}`, routingConfigMap(instance, plan.state)),
      document(
        `${refText(plan.instance)}: ${plan.pods.map((pod) => `${pod.name} is ${pod.fqdn}${pod.address === undefined ? '' : ` at ${pod.address}`}`).join(', ')}`,
        { ...template, metadata: { name, namespace } },
      ),
    ];
  });
}

function document(comment: string, content: unknown): string {
  return `---\n# ${comment}\n${stringify(content, { lineWidth: 0 }).trimEnd()}`;
}

function count(list: readonly unknown[], word: string): string {
  return `${String(list.length)} ${word}${list.length === 1 ? '' : 's'}`;
}
