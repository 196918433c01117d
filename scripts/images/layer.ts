/** A folder becomes a layer: a tar with nothing of this machine in it, compressed. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface Layer {
  /** What it holds, for the image's history. */
  readonly title: string;
  /** sha256 of the tar: `diff_id` of the image's configuration. */
  readonly diffId: string;
  readonly bytes: number;
  /** Of the compressed blob. */
  readonly digest: string;
  readonly size: number;
  readonly blob: string;
}

/** Above this a compressed layer is kept for the next build: to compress Node takes seconds. */
const keptBytes = 16 << 20;
const level = 9;

export interface LayerRequest {
  readonly title: string;
  readonly folder: string;
  /** Where tar and blob may be written; goes when the build is over. */
  readonly workshop: string;
  /** Where large compressed layers stay. */
  readonly kept: string;
}

export async function packLayer({ title, folder, workshop, kept }: LayerRequest): Promise<Layer> {
  const tar = join(workshop, `${title}.tar`);
  pack(folder, tar);
  const { size: bytes } = statSync(tar);
  const diffId = await digestOf(tar);
  // Another zlib writes other octets for the same layer.
  const name = `${diffId}-${String(level)}-${process.versions.zlib}.tar.gz`;
  const blob = join(bytes > keptBytes ? kept : workshop, name);
  if (!existsSync(blob)) {
    mkdirSync(dirname(blob), { recursive: true });
    const half = `${blob}.${String(process.pid)}`;
    await pipeline(createReadStream(tar), createGzip({ level, chunkSize: 1 << 20 }), createWriteStream(half));
    renameSync(half, blob);
  }
  return { title, diffId, bytes, digest: await digestOf(blob), size: statSync(blob).size, blob };
}

/** Sorted, of nobody, from 1970: the same files give the same octets. `mode`: an option of tar, where the folder has the umask's. */
export function pack(folder: string, tar: string, mode: readonly string[] = []): void {
  const sameEverywhere = ['--format=ustar', '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...sameEverywhere, ...mode, '-C', folder, '-cf', tar, ...readdirSync(folder).sort()]);
}

/** As a container runtime lays them, one over the other. As root the files belong to root, else to who unpacks them. */
export function unpackLayers(layers: readonly Pick<Layer, 'blob'>[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { blob } of layers) execFileSync('tar', ['-C', folder, '-xpzf', blob]);
}

/** sha256 in hex. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(
    createReadStream(path, { highWaterMark: 1 << 20 }),
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done();
      },
    }),
  );
  return hash.digest('hex');
}
