/** Reads a whole collection, page by page; all pages are of one version. */
import { ApiError } from '../kube/api-error.ts';
import type { KubeClient, ListPage, Selection } from '../kube/kube-client.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import type { Resource } from '../kube/resource.ts';

const pageSize = 500;

/** @param exactly a resourceVersion; absent: the newest state */
export async function listAll(
  client: KubeClient,
  resource: Resource,
  selection: Selection,
  exactly?: string,
): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }> {
  const at = exactly === undefined ? {} : ({ resourceVersion: exactly, resourceVersionMatch: 'Exact' } as const);
  const items: KubeObject[] = [];
  let page: ListPage | undefined;
  do {
    try {
      page = await client.list(resource, { ...selection, ...at, limit: pageSize, continue: page?.continue });
    } catch (error) {
      // The token has grown too old between two pages: all in one answer.
      if (page === undefined || !(error instanceof ApiError) || !error.isGone) throw error;
      return client.list(resource, { ...selection, ...at });
    }
    for (const item of page.items) items.push(item);
  } while (page.continue !== undefined);
  return { items, resourceVersion: page.resourceVersion };
}
