/** The few fields of a ConfigMap or a Secret that a runtime reads. Pure. */

/** One object of the runtime's own namespace. */
export interface ObjectName {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

export interface KubeObject {
  /** Of metadata; opaque: it may be compared for equality alone. */
  readonly version: string;
  /** By key; what a Secret and `binaryData` hold in base64 is decoded. */
  readonly data: ReadonlyMap<string, Buffer>;
}

/** Undefined where it is no such object. */
export function readObject(kind: ObjectName['kind'], value: unknown): KubeObject | undefined {
  const metadata = member(value, 'metadata');
  const uid = member(metadata, 'uid');
  const resourceVersion = member(metadata, 'resourceVersion');
  if (typeof resourceVersion !== 'string') return undefined;
  const data = new Map<string, Buffer>();
  fill(data, member(value, 'data'), kind === 'Secret' ? 'base64' : 'utf8');
  if (kind === 'ConfigMap') fill(data, member(value, 'binaryData'), 'base64');
  return { version: `${typeof uid === 'string' ? uid : ''}/${resourceVersion}`, data };
}

export interface ObjectList {
  readonly resourceVersion: string;
  readonly items: readonly unknown[];
}

export function readList(value: unknown): ObjectList | undefined {
  const resourceVersion = member(member(value, 'metadata'), 'resourceVersion');
  const items = member(value, 'items');
  // Go writes an empty list as null where nobody took care.
  const found = items === null ? [] : items;
  return typeof resourceVersion === 'string' && Array.isArray(found) ? { resourceVersion, items: found } : undefined;
}

/** Undefined also where `value` has no members at all. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** `/api/v1/namespaces/ns/secrets`. */
export function collectionPath(namespace: string, kind: ObjectName['kind']): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${kind === 'Secret' ? 'secrets' : 'configmaps'}`;
}

function fill(into: Map<string, Buffer>, data: unknown, encoding: 'base64' | 'utf8'): void {
  if (typeof data !== 'object' || data === null) return;
  for (const [key, text] of Object.entries(data))
    if (typeof text === 'string') into.set(key, Buffer.from(text, encoding));
}
