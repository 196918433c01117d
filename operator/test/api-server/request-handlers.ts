/** What each request does to the storage, and what it is answered. */
import type { ServerResponse } from 'node:http';
import { keyOf } from '../../src/kube/kube-object.ts';
import type { KubeObject } from '../../src/kube/kube-object.ts';
import { apiVersionOf, resourceOf, resources } from '../../src/kube/resource.ts';
import type { Resource } from '../../src/kube/resource.ts';
import { FieldOwnership } from './field-ownership.ts';
import type { ObjectStorage } from './object-storage.ts';
import { discoveryOf } from './request-path.ts';
import type { Asked } from './request-path.ts';
import { selectorOf } from './selectors.ts';
import { refusal } from './status-body.ts';
import type { Answer } from './status-body.ts';
import { send } from './watch-streams.ts';
import type { WatchStreams } from './watch-streams.ts';

interface DeleteBody {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export class RequestHandlers {
  readonly #storage: ObjectStorage;
  readonly #watches: WatchStreams;
  readonly #ownership = new Map<string, FieldOwnership>();
  /** Plurals whose CRD is not installed. */
  readonly unserved = new Set<string>();

  constructor({ storage, watches }: { readonly storage: ObjectStorage; readonly watches: WatchStreams }) {
    this.#storage = storage;
    this.#watches = watches;
  }

  answer(asked: Asked, body: string, response: ServerResponse): Answer | 'streaming' {
    const { resource, method, name } = asked;
    if (resource === undefined || this.unserved.has(resource.plural)) {
      return this.#discover(asked) ?? refusal(404, 'NotFound', `no resource at ${asked.path}`);
    }
    if (method === 'GET' && asked.isWatch) return this.#watch(asked, resource, response);
    if (method === 'GET' && name === undefined) return this.#list(asked, resource);
    if (method === 'POST') return this.#create(asked, resource, JSON.parse(body) as KubeObject);
    if (name === undefined) return refusal(405, 'MethodNotAllowed');
    const live = this.#storage.get(resource, asked.namespace, name);
    if (method === 'PATCH') return this.#apply(asked, resource, live, JSON.parse(body) as KubeObject);
    if (live === undefined) return refusal(404, 'NotFound', `${resource.plural} "${name}" not found`);
    if (method === 'GET') return { code: 200, body: live };
    if (method === 'PUT') return this.#replace(asked, resource, live, JSON.parse(body) as KubeObject);
    return this.#remove(resource, live, body === '' ? {} : (JSON.parse(body) as DeleteBody));
  }

  put(object: KubeObject): KubeObject {
    const resource = resourceOf(object);
    const live = this.#storage.get(resource, object.metadata.namespace, object.metadata.name);
    const next =
      object.status === undefined && live?.status !== undefined ? { ...object, status: live.status } : object;
    this.#ownershipOf(resource, object).update(live, next, 'kubectl');
    return this.#settle(resource, this.#storage.put(resource, next));
  }

  delete(resource: Resource, namespace: string | undefined, name: string): void {
    const live = this.#storage.get(resource, namespace, name);
    if (live !== undefined) this.#remove(resource, live, {});
  }

  managersOf(resource: Resource, object: KubeObject): readonly string[] {
    return this.#ownershipOf(resource, object).managers();
  }

  #discover({ path }: Asked): Answer | undefined {
    const found = discoveryOf(path);
    if (found === undefined) return undefined;
    const served = Object.values(resources).filter(
      ({ group, version, plural }) => group === found.group && version === found.version && !this.unserved.has(plural),
    );
    if (served.length === 0) return undefined;
    const list = served.map(({ plural, kind, namespaced }) => ({ name: plural, kind, namespaced }));
    return { code: 200, body: { apiVersion: 'v1', kind: 'APIResourceList', resources: list } };
  }

  #list({ query, namespace }: Asked, resource: Resource): Answer {
    const token = query.get('continue');
    const exact = query.get('resourceVersionMatch') === 'Exact' ? query.get('resourceVersion') : null;
    const [at, start] = token?.split(':') ?? [exact ?? String(this.#storage.version), '0'];
    const version = Number(at);
    if (version < this.#storage.compactedTo) return refusal(410, 'Expired', 'the requested version is too old');
    const selects = selectorOf(namespace, query);
    const all = this.#storage.listAt(resource, version).filter(selects);
    const from = Number(start);
    const to = from + Number(query.get('limit') ?? all.length);
    const metadata = {
      resourceVersion: String(version),
      ...(to < all.length && { continue: `${String(version)}:${String(to)}` }),
    };
    const head = { apiVersion: apiVersionOf(resource), kind: `${resource.kind}List` };
    return { code: 200, body: { ...head, metadata, items: all.slice(from, to) } };
  }

  #watch({ query, namespace }: Asked, resource: Resource, response: ServerResponse): Answer | 'streaming' {
    const version = Number(query.get('resourceVersion') ?? 0);
    if (version < this.#storage.compactedTo) return refusal(410, 'Expired', 'too old resource version');
    const stream = { resource, response, selects: selectorOf(namespace, query), isSilent: false };
    this.#watches.open(stream);
    for (const event of this.#storage.since(resource, version)) send(stream, event);
    return 'streaming';
  }

  #create({ namespace }: Asked, resource: Resource, object: KubeObject): Answer {
    const { name } = object.metadata;
    if (this.#storage.get(resource, namespace, name) !== undefined) {
      return refusal(409, 'AlreadyExists', `${resource.plural} "${name}" already exists`);
    }
    this.#ownershipOf(resource, object).update(undefined, object, 'operator');
    return { code: 201, body: this.#storage.put(resource, object) };
  }

  #replace({ subresource }: Asked, resource: Resource, live: KubeObject, object: KubeObject): Answer {
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== live.metadata.resourceVersion) return conflict(live);
    const next = merged(live, object, subresource);
    this.#ownershipOf(resource, live).update(live, next, 'operator');
    return { code: 200, body: this.#settle(resource, this.#storage.put(resource, next)) };
  }

  #apply({ query, subresource }: Asked, resource: Resource, live: KubeObject | undefined, object: KubeObject): Answer {
    if (live === undefined && subresource !== undefined) return refusal(404, 'NotFound');
    const { resourceVersion, uid } = object.metadata;
    if (resourceVersion !== undefined && resourceVersion !== live?.metadata.resourceVersion) return conflict(object);
    if (uid !== undefined && uid !== live?.metadata.uid) return conflict(object);
    const manager = `${query.get('fieldManager') ?? ''}${subresource === undefined ? '' : `/${subresource}`}`;
    const outcome = this.#ownershipOf(resource, object).apply(live, object, manager, query.get('force') === 'true');
    if ('conflicts' in outcome) {
      const fields = outcome.conflicts.map(({ field, manager: other }) => `${field} by ${other}`);
      return refusal(409, 'Conflict', `Apply failed with conflicts: ${fields.join(', ')}`);
    }
    const next = live === undefined ? outcome.object : merged(live, outcome.object, subresource);
    const stored = this.#settle(resource, this.#storage.put(resource, next));
    return { code: live === undefined ? 201 : 200, body: stored };
  }

  #remove(resource: Resource, live: KubeObject, { preconditions = {} }: DeleteBody): Answer {
    const { uid = live.metadata.uid, resourceVersion = live.metadata.resourceVersion } = preconditions;
    if (uid !== live.metadata.uid || resourceVersion !== live.metadata.resourceVersion) return conflict(live);
    const deletionTimestamp = live.metadata.deletionTimestamp ?? '2026-01-01T00:00:00Z';
    this.#settle(resource, { ...live, metadata: { ...live.metadata, deletionTimestamp } });
    return { code: 200, body: live };
  }

  /** What is marked for deletion and has no finalizers goes, and with it what it owned. */
  #settle(resource: Resource, object: KubeObject): KubeObject {
    const { deletionTimestamp, finalizers = [], uid } = object.metadata;
    if (deletionTimestamp === undefined) return object;
    if (finalizers.length > 0) return this.#storage.put(resource, object);
    this.#storage.remove(resource, object);
    this.#ownership.delete(`${resource.plural} ${keyOf(object)}`);
    for (const each of Object.values(resources)) {
      for (const owned of this.#storage.list(each)) {
        if (owned.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true) this.#remove(each, owned, {});
      }
    }
    return object;
  }

  #ownershipOf(resource: Resource, object: KubeObject): FieldOwnership {
    const key = `${resource.plural} ${keyOf(object)}`;
    let ownership = this.#ownership.get(key);
    if (ownership === undefined) this.#ownership.set(key, (ownership = new FieldOwnership()));
    return ownership;
  }
}

/** A write of the status changes nothing else, and a write of the object changes no status. */
function merged(live: KubeObject, next: KubeObject, subresource: string | undefined): KubeObject {
  if (subresource === 'status') return { ...live, status: next.status };
  const { uid, resourceVersion, creationTimestamp, deletionTimestamp } = live.metadata;
  const servers = {
    uid,
    resourceVersion,
    creationTimestamp,
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
  };
  const { status, ...content } = { ...next, status: live.status };
  return { ...content, metadata: { ...next.metadata, ...servers }, ...(status !== undefined && { status }) };
}

const conflict = ({ kind, metadata }: KubeObject): Answer =>
  refusal(409, 'Conflict', `Operation cannot be fulfilled on ${kind} "${metadata.name}": the object has been modified`);
