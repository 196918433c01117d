/** The runtime's composition root: arguments, signals and exit codes; everything else is `runtime.ts` and below. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SbcError } from './kernel/error.ts';
import { systemRandom } from './kernel/random.ts';
import { systemClock } from './kernel/system-clock.ts';
import { JsonLog } from './observability/json-log.ts';
import { runtimeOptions, type MirrorOptions, type RuntimeOptions } from './options.ts';
import { waitForDocument } from './document-wait.ts';
import { startMirror, type MirrorSource } from './mirror-source.ts';
import { directoriesOf, Runtime, type RuntimeDeps } from './runtime.ts';

/** After a second signal: long enough for the BYEs to leave, not for their answers. */
const HURRY_MS = 300;

function fail(problem: string): never {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const parsed = runtimeOptions(process.argv.slice(2));
  if (!parsed.ok) fail(parsed.problem);
  const { options } = parsed;
  const clock = systemClock({ onError: (error) => log.error('A timer failed', { error: stackOf(error) }) });
  const log = new JsonLog({ clock, destination: process.stdout });
  // Nobody reads what is said there; that must not be an exception of its own. The log looks after stdout.
  process.stderr.on('error', () => undefined);
  // A bug ends one call where it happens; what slips past that must not end the others.
  process.on('uncaughtException', (error) => log.error('Uncaught exception', { error: stackOf(error) }));
  process.on('unhandledRejection', (reason) => log.error('Unhandled rejection', { error: stackOf(reason) }));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const microsoftRoots = fileURLToPath(new URL('../data/microsoft-roots.pem', import.meta.url));
  let serving: Runtime | undefined;
  let signals = 0;
  const stop = (): void => {
    signals += 1;
    // Nothing has begun that could be ended.
    if (serving === undefined) process.exit(0);
    const runtime = serving;
    if (signals === 1) runtime.drain(() => void runtime.close().finally(() => process.exit(0)));
    if (signals === 2) {
      runtime.endCalls();
      clock.after(HURRY_MS, () => process.exit(0));
    }
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    const shared = { clock, random: systemRandom(), log, version };
    const mirror = options.mirror && (await mirrorOf(options, options.mirror, { ...shared, microsoftRoots }));
    const runtime = new Runtime({ ...shared, options, microsoftRoots, mirror });
    await runtime.start();
    serving = runtime;
  } catch (error) {
    fail(error instanceof SbcError ? error.message : stackOf(error));
  }
}

type Shared = Omit<RuntimeDeps, 'options' | 'mirror'>;

/** Once it has brought a document to serve by, however long that takes. */
async function mirrorOf(options: RuntimeOptions, mirror: MirrorOptions, shared: Shared): Promise<MirrorSource> {
  const source = await startMirror({
    ...{ ...shared, options: mirror, api: mirror.api ?? clusterApi(), podName: options.podName },
    directories: directoriesOf(options, shared.microsoftRoots),
  });
  const { obstacle, tellWrites } = source;
  await waitForDocument({ ...shared, options, obstacle, tellWrites });
  return source;
}

/** As the kubelet tells every container. */
function clusterApi(): string {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  if (host === undefined)
    fail('Cannot find the API server: KUBERNETES_SERVICE_HOST is not set, write --kubernetes-api=https://HOST:PORT');
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

await main();
