/**
 * Server-side apply in small: who owns which field. Maps are merged field by field; a list is one field (real API servers merge
 * some lists by key: conditions, ports, containers).
 */
import type { KubeObject } from '../../src/kube/kube-object.ts';

/** Path as JSON → value as JSON. */
type Fields = Map<string, string>;

export interface FieldConflict {
  readonly field: string;
  readonly manager: string;
}

/** Of one object: manager (with its subresource) → the fields it owns. */
export class FieldOwnership {
  readonly #fields = new Map<string, Fields>();

  /** @returns the object after the apply, or the conflicts */
  apply(
    live: KubeObject | undefined,
    wanted: KubeObject,
    manager: string,
    force: boolean,
  ): { readonly object: KubeObject } | { readonly conflicts: readonly FieldConflict[] } {
    const mine = flatten(wanted);
    const conflicts = live === undefined ? [] : this.#conflicts(live, mine, manager);
    if (conflicts.length > 0 && !force) return { conflicts };
    for (const { field, manager: other } of conflicts) this.#fields.get(other)?.delete(field);
    const object = structuredClone(live ?? wanted) as Record<string, unknown>;
    for (const field of this.#fields.get(manager)?.keys() ?? []) {
      if (!mine.has(field) && !this.#isOwnedByOthers(field, manager)) remove(object, JSON.parse(field) as string[]);
    }
    for (const [field, value] of mine) assign(object, JSON.parse(field) as string[], JSON.parse(value));
    this.#fields.set(manager, mine);
    return { object: object as KubeObject };
  }

  /** A plain write takes over what it changes. */
  update(before: KubeObject | undefined, after: KubeObject, manager: string): void {
    const old = before === undefined ? new Map<string, string>() : flatten(before);
    const now = flatten(after);
    const owned = this.#fields.get(manager) ?? new Map<string, string>();
    for (const [field, value] of now) {
      if (old.get(field) === value) continue;
      for (const fields of this.#fields.values()) fields.delete(field);
      owned.set(field, value);
    }
    for (const field of old.keys())
      if (!now.has(field)) for (const fields of this.#fields.values()) fields.delete(field);
    this.#fields.set(manager, owned);
  }

  managers(): readonly string[] {
    return [...this.#fields].filter(([, fields]) => fields.size > 0).map(([manager]) => manager);
  }

  #conflicts(live: KubeObject, mine: Fields, manager: string): FieldConflict[] {
    const now = flatten(live);
    const conflicts: FieldConflict[] = [];
    for (const [other, fields] of this.#fields) {
      if (other === manager) continue;
      for (const field of fields.keys()) {
        const value = mine.get(field);
        if (value !== undefined && now.has(field) && now.get(field) !== value)
          conflicts.push({ field, manager: other });
      }
    }
    return conflicts;
  }

  #isOwnedByOthers(field: string, manager: string): boolean {
    return [...this.#fields].some(([other, fields]) => other !== manager && fields.has(field));
  }
}

/** What identifies an object belongs to nobody. */
const nobodys = new Set(['["apiVersion"]', '["kind"]', '["metadata","name"]', '["metadata","namespace"]']);
const servers = /^\["metadata","(uid|resourceVersion|generation|creationTimestamp|deletionTimestamp|managedFields)"/;

function flatten(object: KubeObject): Fields {
  const fields: Fields = new Map();
  const visit = (value: unknown, path: readonly string[]): void => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isMap && Object.keys(value).length > 0) {
      for (const [key, member] of Object.entries(value)) visit(member, [...path, key]);
      return;
    }
    const field = JSON.stringify(path);
    if (value !== undefined && !nobodys.has(field) && !servers.test(field)) fields.set(field, JSON.stringify(value));
  };
  visit(object, []);
  return fields;
}

function assign(object: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return;
  if (rest.length === 0) {
    object[key] = value;
    return;
  }
  const next = object[key];
  const isMap = typeof next === 'object' && next !== null && !Array.isArray(next);
  const child = isMap ? (next as Record<string, unknown>) : {};
  object[key] = child;
  assign(child, rest, value);
}

function remove(object: Record<string, unknown>, [key, ...rest]: readonly string[]): void {
  if (key === undefined) return;
  const next = object[key];
  if (rest.length > 0 && typeof next === 'object' && next !== null) {
    remove(next as Record<string, unknown>, rest);
    if (Object.keys(next).length > 0) return;
  }
  Reflect.deleteProperty(object, key);
}
