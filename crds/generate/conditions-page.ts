/** `docs/conditions.md`: every condition of every kind with its reasons, from the catalogue that the operator compiles against. */
import { conditionsOf, conditionTypes, type ConditionType } from '../src/v1alpha1/conditions.ts';
import { kinds, type Kind } from '../src/v1alpha1/kinds.ts';
import { reasons, type ReasonEntry } from '../src/v1alpha1/reasons.ts';
import { notice, table } from './tables.ts';

/** Path below the repository's root → content. */
export function conditionsPage(): ReadonlyMap<string, string> {
  return new Map([['docs/conditions.md', page()]]);
}

function page(): string {
  const all = Object.keys(conditionsOf) as Kind[];
  return [
    notice,
    '# Conditions and reasons',
    'What `kubectl describe` shows under Conditions. True is good, of every condition but `Draining`, which is neither good nor bad. `Unknown` means: not known yet, wait. `status.observedGeneration` and that of each condition say which generation of the spec they speak about. `message` is a sentence with names and numbers of the case; `reason` is one of the words below and stays the same between releases. `Ready` sums the others up: False where somebody must mend something, Unknown where it is enough to wait (“False (passing)” below) or nothing is known.',
    'Wait for all of them: `kubectl wait --for=condition=Ready sbci,tmst,pbxt --all`.',
    table(
      ['Condition', 'True means', 'On'],
      (Object.keys(conditionTypes) as ConditionType[]).map((type) => [
        `\`${type}\``,
        conditionTypes[type],
        all.filter((kind) => conditionsOf[kind].some((each) => each === type)).join(', '),
      ]),
    ),
    ...all.flatMap((kind) => [
      `## ${kind}`,
      `\`kubectl get ${kinds[kind].shortNames.join(',')} -o wide\` shows \`Ready\` and its message; every field: [${kind}](reference/${kinds[kind].singular}.md).`,
      ...conditionsOf[kind].flatMap((type) => [`### ${kind}: ${type}`, reasonTable(kind, type)]),
    ]),
    '',
  ].join('\n\n');
}

function reasonTable(kind: Kind, type: ConditionType): string {
  const ofKind: Readonly<Partial<Record<ConditionType, Readonly<Record<string, ReasonEntry>>>>> = reasons[kind];
  const rows = Object.entries(ofKind[type] ?? {}).map(([reason, { statuses, meaning, remedy, isProgress }]) => [
    `\`${reason}\``,
    statuses.map((status) => (status === 'False' && isProgress === true ? 'False (passing)' : status)).join(', '),
    `${meaning}.`,
    remedy === undefined ? '' : `${remedy}.`,
  ]);
  return table(['Reason', 'Status', 'Means', 'Remedy'], rows);
}
