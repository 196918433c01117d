/** The API server as the source of the routing state: the mirror of the room `kube`, and the order in which a start asks for a document. */
import { dirname, join } from 'node:path';
import type { Clock } from './kernel/clock.ts';
import type { Log } from './kernel/log.ts';
import type { Random } from './kernel/random.ts';
import { HttpsApi } from './kube/https-api.ts';
import { keepFolders } from './kube/mirror-folders.ts';
import { seedFrom } from './kube/mounted-copy.ts';
import { writeMirrored } from './kube/mirrored-volume.ts';
import { RoutingMirror } from './kube/routing-mirror.ts';
import { obstacleTo, type Obstacle } from './first-document.ts';
import type { MirrorOptions } from './options.ts';
import type { RuntimeMirror } from './runtime.ts';
import type { Directories, LoadedDocument, RefusedDocument } from './settings/document-files.ts';
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

export interface MirrorSource extends RuntimeMirror {
  /** What keeps the process from serving as things are; undefined: nothing. */
  obstacle(): Obstacle | undefined;
}

/**
 * A mirror that runs. The directories hold what a process before this one left there, else what the API server says within
 * a few seconds; whoever asks for the obstacle has the mounted copy put there until the API server has told of something.
 */
export async function startMirror(deps: MirrorSourceDeps): Promise<MirrorSource> {
  const { options, directories, podName, clock, random, log } = deps;
  const { namespace, instance, credentials, mounted } = options;
  const api = new HttpsApi({ url: deps.api, credentials, userAgent: `sbc-runtime/${deps.version}`, clock });
  const mirror = new RoutingMirror({ api, clock, random, log, namespace, instance, directories });
  const accepted = acceptedBeside(directories);
  let refused: RefusedDocument | undefined;
  mirror.tellRefusals((now) => (refused = now));
  const unusable = (): Obstacle | undefined => obstacleTo({ directories, accepted, podName, wallMs: clock.wallMs() });
  const source: MirrorSource = {
    accepted,
    keepAccepted: (document) => keep(document, accepted, log),
    tellRefusals: (onRefusal) => mirror.tellRefusals(onRefusal),
    tellWrites: (onWritten) => mirror.tellWrites(onWritten),
    close: () => mirror.close(),
    obstacle: () => {
      const found = unusable();
      if (found === undefined || mirror.hasDocument) return found;
      const { whyNone } = mirror;
      const whyNotMounted = seedFrom(mounted, directories);
      if (whyNotMounted !== undefined)
        return { message: `Cannot get a routing state: ${whyNone}; and ${whyNotMounted}`, refusal: refused };
      const seeded = unusable();
      if (seeded === undefined) log.warn('Starting with the mounted copy of the routing state', { why: whyNone });
      return seeded;
    },
  };
  const isLeft = unusable() === undefined;
  mirror.start();
  if (isLeft) log.info('Starting with the routing state that a process before this one left');
  else await mirror.firstWithin(FIRST_DOCUMENT_MS);
  return source;
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
