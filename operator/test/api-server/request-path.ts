/** What a request asks of an API server, read from its URL. */
import { resources } from '../../src/kube/resource.ts';
import type { Resource } from '../../src/kube/resource.ts';

export interface Asked {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** undefined: discovery, or nothing that is known. */
  readonly resource: Resource | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly isWatch: boolean;
}

const known = new Map<string, Resource>(
  Object.values(resources).map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]),
);

export function readRequest(method: string, url: string): Asked {
  const { pathname, searchParams } = new URL(url, 'http://loopback');
  const parts = pathname.split('/').slice(1).map(decodeURIComponent);
  const [group, version, ...rest] = parts[0] === 'api' ? ['', ...parts.slice(1)] : parts.slice(1);
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2;
  const [plural, name, subresource] = isNamespaced ? rest.slice(2) : rest;
  return {
    method,
    path: pathname,
    query: searchParams,
    resource: known.get(`${group ?? ''}/${version ?? ''}/${plural ?? ''}`),
    namespace: isNamespaced ? rest[1] : undefined,
    name,
    subresource,
    isWatch: searchParams.get('watch') === 'true',
  };
}

/** `/apis/apps/v1` without a resource. */
export function discoveryOf(path: string): { readonly group: string; readonly version: string } | undefined {
  const found = /^\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path);
  return found === null ? undefined : { group: found[1] ?? '', version: found[2] ?? '' };
}
