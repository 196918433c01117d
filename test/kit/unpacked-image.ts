/** An image as a container runtime sees it: read from its archive by digests, laid out in a folder, run from there. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackLayers } from '../../scripts/images/layer.ts';
import { RunningProcess } from './process.ts';

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

interface Configuration {
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
  };
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A folder of the image that is an emptyDir of the pod. */
  readonly writable?: string;
}

const inImage = join(import.meta.dirname, 'in-image.sh');

export class UnpackedImage {
  /** Digest of the manifest. */
  readonly digest: string;
  readonly configuration: Configuration;
  readonly root: string;

  /** `folder`: empty, takes the archive's parts and the image's files. */
  constructor(archive: string, folder: string) {
    const layout = join(folder, 'layout');
    mkdirSync(layout, { recursive: true });
    execFileSync('tar', ['-C', layout, '-xf', archive]);
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: [Descriptor] };
    const [described] = index.manifests;
    this.digest = described.digest;
    const manifest = JSON.parse(verified(layout, described).toString()) as {
      config: Descriptor;
      layers: readonly Descriptor[];
    };
    this.configuration = JSON.parse(verified(layout, manifest.config).toString()) as Configuration;
    for (const layer of manifest.layers) verified(layout, layer);
    this.root = join(folder, 'root');
    unpackLayers(
      manifest.layers.map((layer) => ({ blob: join(layout, pathOf(layer)) })),
      this.root,
    );
  }

  /** The entrypoint with arguments, as the container of a pod. */
  start(args: readonly string[], options: RunOptions = {}): RunningProcess {
    return this.exec([...this.configuration.config.Entrypoint, ...args], options);
  }

  /** Another program of the image, in namespaces of its own. */
  exec(command: readonly string[], { env = {}, writable = '' }: RunOptions = {}): RunningProcess {
    const variables = [
      ...this.configuration.config.Env,
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ];
    return new RunningProcess(inImage, [this.root, ...variables, '--', ...command], { env: { WRITABLE: writable } });
  }

  /** A program beside one that runs, as a probe is: in its namespaces, as its user. */
  execBeside(
    running: RunningProcess,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): RunningProcess {
    const variables = [
      ...this.configuration.config.Env,
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ];
    const chroot = ['/usr/sbin/chroot', '--userspec=65532:65532', '--groups=', this.root];
    const args = [
      `--target=${String(running.pid)}`,
      '--net',
      '--mount',
      'env',
      '-i',
      ...variables,
      ...chroot,
      ...command,
    ];
    return new RunningProcess('nsenter', args, { name: 'probe' });
  }
}

function pathOf({ digest }: Descriptor): string {
  return join('blobs', digest.replace(':', '/'));
}

function verified(layout: string, descriptor: Descriptor): Buffer {
  const content = readFileSync(join(layout, pathOf(descriptor)));
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (digest !== descriptor.digest || content.length !== descriptor.size)
    throw new Error(`${descriptor.digest} is ${digest} with ${String(content.length)} octets`);
  return content;
}
