/** An image without a registry and without a builder: one layer of some files, as the archive that `ctr images import` takes. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../kit/process.ts';

export interface ImageContent {
  /** Such as `localhost/pod-tools:test`; not `latest`, which every pod would want to pull. */
  readonly reference: string;
  /** Path in the image → file of this machine; its mode comes along. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly user?: string;
}

/** Writes the archive; the same content makes the same image. */
export async function writeImage(archive: string, { reference, files, entrypoint, user }: ImageContent): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'image-'));
  const root = join(directory, 'root');
  mkdirSync(join(root, 'tmp'), { recursive: true, mode: 0o777 });
  for (const [path, file] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(file, join(root, path));
  }
  const tar = (from: string, to: string, ...names: string[]) =>
    run('tar', [
      '-C',
      from,
      '--sort=name',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '-cf',
      to,
      ...names,
    ]);
  const layer = join(directory, 'layer.tar');
  await tar(root, layer, '.');
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Entrypoint: entrypoint, Env: ['PATH=/'], ...(user === undefined ? {} : { User: user }) },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(readFileSync(layer))}`] },
  });
  const configFile = `${sha256(config)}.json`;
  writeFileSync(join(directory, configFile), config);
  const manifest = [{ Config: configFile, RepoTags: [reference], Layers: ['layer.tar'] }];
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  await tar(directory, archive, 'manifest.json', configFile, 'layer.tar');
  rmSync(directory, { recursive: true });
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
