/** Requests of the bench itself: sixteen at once over one keep-alive pool, as the operator has it. */
import type { ApiClient, Said } from '../../cluster/kit/api-client.ts';
import { namespace } from './manifests.ts';

const AT_ONCE = 16;
const group = '/apis/teams-sbc.dev/v1alpha1';
const plurals: Readonly<Record<string, string>> = {
  SbcInstance: 'sbcinstances',
  TeamsTrunk: 'teamstrunks',
  PbxTrunk: 'pbxtrunks',
  CallRoute: 'callroutes',
};

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

export function collectionOf(kind: string, inNamespace = namespace): string {
  return `${group}/namespaces/${inNamespace}/${plurals[kind] ?? ''}`;
}

/** Milliseconds until the answer to the last one. @throws Error at the first that fails */
export async function each<T>(items: readonly T[], send: (item: T) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let next = 0;
  const work = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await send(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return performance.now() - started;
}

export async function create(api: ApiClient, manifest: Named, inNamespace = namespace): Promise<void> {
  await expect(api.send('POST', collectionOf(manifest.kind, inNamespace), { body: manifest }));
}

export async function apply(api: ApiClient, manifest: Named): Promise<Said> {
  const path = `${collectionOf(manifest.kind)}/${manifest.metadata.name}`;
  const query = { fieldManager: 'bench', force: 'true' };
  return expect(api.send('PATCH', path, { body: manifest, query, contentType: 'application/apply-patch+yaml' }));
}

/** What the operator would write, without the operator: the price of the API server alone. */
export async function writeStatus(api: ApiClient, manifest: Named, inNamespace: string): Promise<void> {
  const path = `${collectionOf(manifest.kind, inNamespace)}/${manifest.metadata.name}/status`;
  const condition = (type: string) => ({
    type,
    status: 'True',
    observedGeneration: 1,
    lastTransitionTime: new Date().toISOString(),
    reason: 'Accepted',
    message: 'The manifest is valid and fits the instance that it names',
  });
  const body = {
    apiVersion: 'teams-sbc.dev/v1alpha1',
    kind: manifest.kind,
    metadata: { name: manifest.metadata.name, namespace: inNamespace },
    status: {
      observedGeneration: 1,
      conditions: ['Accepted', 'ResolvedRefs', 'Programmed', 'Reachable', 'Ready'].map(condition),
    },
  };
  const query = { fieldManager: 'bare', force: 'true' };
  await expect(api.send('PATCH', path, { body, query, contentType: 'application/apply-patch+yaml' }));
}

async function expect(answer: Promise<{ status: number; body: Said }>): Promise<Said> {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`Cannot go on: the API server said ${String(status)} ${JSON.stringify(body)}`);
  return body;
}
