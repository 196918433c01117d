/** Where a change may be one of the document in force. Pure. */
import { join } from 'node:path';
import type { RoutingState } from '@teams-sbc/crds/runtime';
import type { Directories } from './document-files.ts';

/** The volumes themselves and their parents: a new Secret is a new folder. */
export function watchedFolders(
  document: RoutingState,
  { state, secrets, trust }: Pick<Directories, 'state' | 'secrets' | 'trust'>,
): string[] {
  const { certificates, trustBundles, trunks } = document;
  const logins = trunks.flatMap((trunk) => (trunk.kind === 'PbxTrunk' && trunk.auth ? [trunk.auth.secret] : []));
  return [
    ...[state, secrets, trust],
    ...certificates.map((entry) => join(secrets, entry.secret)),
    ...logins.map((secret) => join(secrets, secret)),
    ...trustBundles.filter((entry) => !('preset' in entry.source)).map((entry) => join(trust, entry.name)),
  ];
}
