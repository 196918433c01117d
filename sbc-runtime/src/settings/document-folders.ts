/** A loaded document as the folders that it was read from: what `document-files.ts` reads, the other way round. Pure. */
import { DOCUMENT, type Directories, type LoadedDocument } from './document-files.ts';

export interface DocumentFolder {
  readonly below: Exclude<keyof Directories, 'microsoftRoots'>;
  /** Empty: the directory itself. */
  readonly name: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

export function foldersOfDocument({
  state,
  text,
  certificates,
  trustBundles,
  logins,
}: LoadedDocument): DocumentFolder[] {
  const certificateFolders = state.certificates.flatMap(({ name, secret }) => {
    const found = certificates.find((entry) => entry.name === name);
    if (found === undefined) return [];
    return [folder('secrets', secret, { 'tls.crt': found.certificate, 'tls.key': found.key })];
  });
  const loginFolders = state.trunks.flatMap((trunk) => {
    const login = logins.get(trunk.name);
    if (trunk.kind !== 'PbxTrunk' || trunk.auth === undefined || login === undefined) return [];
    return [folder('secrets', trunk.auth.secret, { ...login }, 'latin1')];
  });
  const bundleFolders = trustBundles
    .filter(({ isMicrosoft }) => !isMicrosoft)
    .map(({ name, roots }) => folder('trust', name, { 'ca.crt': roots }));
  const document = folder('state', '', { [DOCUMENT]: text });
  return [...merged([...certificateFolders, ...loginFolders]), ...bundleFolders, document];
}

/** One Secret may be a certificate and a login. */
function merged(folders: readonly DocumentFolder[]): DocumentFolder[] {
  const byName = new Map<string, DocumentFolder>();
  for (const each of folders)
    byName.set(each.name, { ...each, files: new Map([...(byName.get(each.name)?.files ?? []), ...each.files]) });
  return [...byName.values()];
}

function folder(
  below: DocumentFolder['below'],
  name: string,
  texts: Readonly<Record<string, string>>,
  encoding: 'utf8' | 'latin1' = 'utf8',
): DocumentFolder {
  const files = Object.entries(texts).map(([file, text]) => [file, Buffer.from(text, encoding)] as const);
  return { below, name, files: new Map(files) };
}
