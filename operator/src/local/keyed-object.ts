/** ConfigMaps and Secrets as what they are to a pod: bytes under keys. Pure. */
import type { ObjectRef } from '../compile/problem.ts';

export interface KeyedObject {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  /** `type` of a Secret; `Opaque` where none is given. */
  readonly type: string;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  /** Where each key stands, such as `stringData.tls.crt`. */
  readonly fields: ReadonlyMap<string, string>;
}

export type KeyedOutcome =
  | { readonly ok: true; readonly object: KeyedObject }
  | { readonly ok: false; readonly field: string; readonly message: string };

/** What the API server allows: 1 MiB for the whole object. */
const maxBytes = 1_048_576;
const keyPattern = /^[-._a-zA-Z0-9]{1,253}$/;

export function parseKeyed(ref: ObjectRef, document: unknown): KeyedOutcome {
  const object = isRecord(document) ? document : {};
  const isSecret = ref.kind === 'Secret';
  const fields = isSecret ? { base64: 'data', plain: 'stringData' } : { base64: 'binaryData', plain: 'data' };
  if (ref.name === '') return { ok: false, field: 'metadata.name', message: 'found nothing, allowed a name' };
  const entries = new Map<string, Uint8Array>();
  const places = new Map<string, string>();
  // In a Secret stringData wins over data, as in the API server.
  for (const [encoding, field] of [['base64', fields.base64] as const, ['plain', fields.plain] as const]) {
    const map = object[field] ?? {};
    if (!isRecord(map)) return { ok: false, field, message: 'found another value, allowed keys with text' };
    for (const [key, value] of Object.entries(map)) {
      const path = `${field}.${key}`;
      if (!keyPattern.test(key) || key.startsWith('..')) {
        return {
          ok: false,
          field: path,
          message: 'found a key of this form, allowed letters, digits, hyphens, dots and underscores',
        };
      }
      // Never the value itself: it may be a secret.
      if (typeof value !== 'string') return { ok: false, field: path, message: 'found another value, allowed text' };
      if (encoding === 'base64' && !isBase64(value))
        return {
          ok: false,
          field: path,
          message: 'found text that is not base64, allowed base64; plain text belongs under stringData',
        };
      places.set(key, path);
      entries.set(key, encoding === 'base64' ? Buffer.from(value, 'base64') : Buffer.from(value, 'utf8'));
    }
  }
  let bytes = 0;
  for (const content of entries.values()) bytes += content.length;
  if (bytes > maxBytes)
    return { ok: false, field: 'data', message: `found ${String(bytes)} bytes, allowed ${String(maxBytes)}` };
  const type = typeof object['type'] === 'string' ? object['type'] : 'Opaque';
  return {
    ok: true,
    object: {
      kind: isSecret ? 'Secret' : 'ConfigMap',
      namespace: ref.namespace,
      name: ref.name,
      type,
      entries,
      fields: places,
    },
  };
}

function isBase64(text: string): boolean {
  const compact = text.replaceAll(/[\r\n ]/g, '');
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
