/** The API server as the source of the routing state: the mirror of the room `kube`, and the order in which a start asks for a document. */
import { dirname, join } from 'node:path';
import { SbcError } from './kernel/error.ts';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { Random } from './kernel/random.ts';
import { HttpsApi } from './kube/https-api.ts';
import { keepFolders } from './kube/mirror-folders.ts';
import { seedFrom } from './kube/mounted-copy.ts';
import { writeMirrored } from './kube/mirrored-volume.ts';
import { RoutingMirror } from './kube/routing-mirror.ts';
import { hasFirstDocument } from './first-document.ts';
import type { MirrorOptions } from './options.ts';
import type { RuntimeMirror } from './runtime.ts';
import type { Directories, LoadedDocument } from './settings/document-files.ts';
import { foldersOfDocument } from './settings/document-folders.ts';

export interface MirrorSourceDeps {
  readonly options: MirrorOptions;
  /** `https://host:port`. */
  readonly api: string;
  readonly directories: Directories;
  readonly podName: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly version: string;
}

/** Two pauses of an API server that starts again; the kubelet's copy is there already. */
const FIRST_DOCUMENT_MS = 5000;

/**
 * A mirror that runs, behind directories that hold a document: what a process before this one left there, else what the API
 * server says, else what the kubelet has mounted. Throws `SBC_DOCUMENT` where there is none of the three.
 */
export async function startMirror(deps: MirrorSourceDeps): Promise<RuntimeMirror> {
  const { options, directories, podName, clock, random, log } = deps;
  const { namespace, instance, credentials, mounted } = options;
  const api = new HttpsApi({ url: deps.api, credentials, userAgent: `sbc-runtime/${deps.version}`, clock });
  const mirror = new RoutingMirror({ api, clock, random, log, namespace, instance, directories });
  const accepted = acceptedBeside(directories);
  const source: RuntimeMirror = {
    accepted,
    keepAccepted: (document) => keep(document, accepted, log),
    tellRefusals: (onRefusal) => mirror.tellRefusals(onRefusal),
    tellWrites: (onWritten) => mirror.tellWrites(onWritten),
    close: () => mirror.close(),
  };
  const isLeft = hasFirstDocument({ directories, accepted, podName, wallMs: clock.wallMs() });
  mirror.start();
  if (isLeft) {
    log.info('Starting with the routing state that a process before this one left');
    return source;
  }
  if (await mirror.firstWithin(FIRST_DOCUMENT_MS)) return source;
  const whyNotMounted = seedFrom(mounted, directories);
  if (whyNotMounted === undefined) {
    log.warn('Starting with the mounted copy of the routing state', { why: mirror.whyNone });
    return source;
  }
  const { whyNone } = mirror;
  mirror.close();
  throw new SbcError('SBC_DOCUMENT', `Cannot get a routing state: ${whyNone}; and ${whyNotMounted}`);
}

/** In the same memory as the mirror: gone with the pod. */
function acceptedBeside({ state, microsoftRoots }: Directories): Directories {
  const root = join(dirname(state), 'accepted');
  return { state: join(root, 'state'), secrets: join(root, 'secrets'), trust: join(root, 'trust'), microsoftRoots };
}

/** Costs what has changed. The document last: it is usable only with all that it names. */
function keep(document: LoadedDocument, accepted: Directories, log: Log): void {
  try {
    const folders = foldersOfDocument(document);
    for (const { below, name, files } of folders) writeMirrored(join(accepted[below], name), files);
    for (const below of ['secrets', 'trust'] as const)
      keepFolders(accepted[below], new Set(folders.filter((each) => each.below === below).map(({ name }) => name)));
  } catch (error) {
    log.error('Cannot keep the document in force for the next start', { error: String(error) });
  }
}
