/** Label and field selectors of lists and watches: equality, sets of existence. */
import type { KubeObject } from '../../src/kube/kube-object.ts';

type Selects = (object: KubeObject) => boolean;

export function selectorOf(namespace: string | undefined, query: URLSearchParams): Selects {
  const all: Selects[] = [];
  if (namespace !== undefined) all.push(({ metadata }) => metadata.namespace === namespace);
  for (const term of termsOf(query.get('labelSelector')))
    all.push(matching(term, ({ metadata }, key) => metadata.labels?.[key]));
  for (const term of termsOf(query.get('fieldSelector'))) all.push(matching(term, fieldOf));
  return (object) => all.every((selects) => selects(object));
}

const termsOf = (selector: string | null): readonly string[] => (selector === null ? [] : selector.split(','));

function matching(term: string, valueOf: (object: KubeObject, key: string) => unknown): Selects {
  const [, key = '', operator, value] = /^([^=!]+)(?:(!?=)=?(.*))?$/.exec(term) ?? [];
  if (operator === undefined) return (object) => valueOf(object, key) !== undefined;
  return (object) => (valueOf(object, key) === value) === (operator === '=');
}

function fieldOf(object: KubeObject, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}
