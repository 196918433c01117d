/** What a routing state names and does not hold: Secrets and trust bundles, and the files that they become. Pure. */
import type { KubeObject, ObjectName } from './kube-object.ts';

export interface WantedObject extends ObjectName {
  /** The folder `secrets/<name>` is made of it. */
  readonly isSecretFolder: boolean;
  /** Trust bundles that one of its keys is the content of. */
  readonly bundles: readonly { readonly name: string; readonly key: string }[];
}

/** The parts of a document that are looked at here: it has not been judged yet, so that each may be missing. */
interface Naming {
  readonly certificates?: readonly { readonly secret?: unknown }[];
  readonly trustBundles?: readonly { readonly name?: unknown; readonly source?: unknown }[];
  readonly trunks?: readonly { readonly auth?: { readonly secret?: unknown } }[];
}

/** Of a Secret, what a runtime has use for; the rest stays where it is. */
const SECRET_KEYS = ['tls.crt', 'tls.key', 'username', 'password', 'realm'] as const;
const BUNDLE_FILE = 'ca.crt';
/** What Kubernetes calls objects, and so no path that leads elsewhere. */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** Of each list; a document with more is refused anyway. */
const MOST = 8192;

export const keyOf = ({ kind, name }: ObjectName): string => `${kind}/${name}`;

/** By `Kind/name`; certificates first, logins last. */
export function wantedObjects(state: unknown): ReadonlyMap<string, WantedObject> {
  const wanted = new Map<string, WantedObject>();
  const want = (kind: unknown, name: unknown, part: Partial<WantedObject>): void => {
    if ((kind !== 'Secret' && kind !== 'ConfigMap') || typeof name !== 'string' || !NAME.test(name)) return;
    const before = wanted.get(`${kind}/${name}`) ?? { kind, name, isSecretFolder: false, bundles: [] };
    wanted.set(`${kind}/${name}`, {
      ...before,
      isSecretFolder: before.isSecretFolder || part.isSecretFolder === true,
      bundles: [...before.bundles, ...(part.bundles ?? [])],
    });
  };
  const { certificates, trustBundles, trunks } = (state ?? {}) as Naming;
  for (const entry of some(certificates)) want('Secret', entry?.secret, { isSecretFolder: true });
  for (const entry of some(trustBundles)) {
    const { kind, name, key } = (entry?.source ?? {}) as { kind?: unknown; name?: unknown; key?: unknown };
    if (typeof entry?.name !== 'string' || !NAME.test(entry.name) || typeof key !== 'string') continue;
    want(kind, name, { bundles: [{ name: entry.name, key }] });
  }
  for (const trunk of some(trunks)) want('Secret', trunk?.auth?.secret, { isSecretFolder: true });
  return wanted;
}

export interface MirrorFolder {
  readonly below: 'secrets' | 'trust';
  readonly name: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** None of a bundle whose key is not there: what it held before stays. */
export function foldersOf(wanted: WantedObject, object: KubeObject): MirrorFolder[] {
  const folders: MirrorFolder[] = [];
  if (wanted.isSecretFolder) {
    const files = SECRET_KEYS.flatMap((key) => {
      const content = object.data.get(key);
      return content === undefined ? [] : [[key, content] as const];
    });
    folders.push({ below: 'secrets', name: wanted.name, files: new Map(files) });
  }
  for (const { name, key } of wanted.bundles) {
    const content = object.data.get(key);
    if (content !== undefined) folders.push({ below: 'trust', name, files: new Map([[BUNDLE_FILE, content]]) });
  }
  return folders;
}

function some<T>(list: readonly T[] | undefined): readonly (T | null | undefined)[] {
  return Array.isArray(list) ? (list as readonly T[]).slice(0, MOST) : [];
}
