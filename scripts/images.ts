/**
 * Builds the container images:
 * `node scripts/images.ts [--tag=VERSION] [--only=NAME,…] [--output=DIR] [--registry=HOST/PATH] [--unpacked=DIR]`.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { ImageBuild } from './images/build.ts';
import { images } from './images/definitions.ts';
import { unpackLayers } from './images/layer.ts';

function fail(problem: string): never {
  console.error(problem);
  process.exit(1);
}

const repository = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    output: { type: 'string', default: join(repository, 'work/images') },
    registry: { type: 'string', default: 'ghcr.io/teams-sbc' },
    // For the Containerfile: the files themselves, below a folder for each image.
    unpacked: { type: 'string', default: '' },
  },
});
const manifest: unknown = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
const version = values.tag === '' ? z.object({ version: z.string() }).parse(manifest).version : values.tag;
// The grammar of a tag in the distribution specification.
if (!/^\w[\w.-]{0,127}$/.test(version))
  fail(`Cannot tag images ${version}: letters, digits, dots, dashes, 128 at most`);
const only = values.only.split(',').filter((name) => name !== '');
const unknown = only.filter((name) => !images.some((image) => image.name === name));
if (unknown.length > 0)
  fail(`Cannot build ${unknown.join(', ')}: there are ${images.map(({ name }) => name).join(', ')}`);

const mebibytes = (bytes: number) => `${(bytes / (1 << 20)).toFixed(1)} MiB`;
const build = new ImageBuild({
  repository,
  output: resolve(values.output),
  kept: join(repository, 'work/images/.layers'),
  registry: values.registry,
  version,
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    build.close();
    process.exit(1);
  });
}
try {
  const folder = values.unpacked === '' ? undefined : resolve(values.unpacked);
  for (const image of images.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const { reference, digest, layers, bytes } = await build.build(image);
    if (folder !== undefined) unpackLayers(layers, join(folder, image.name));
    const unpacked = layers.reduce((sum, layer) => sum + layer.bytes, 0);
    console.log(`${reference}  ${mebibytes(bytes)}, unpacked ${mebibytes(unpacked)}  ${digest}`);
    for (const { title, size, bytes: of } of layers) console.log(`  ${title}: ${mebibytes(size)} of ${mebibytes(of)}`);
  }
} finally {
  build.close();
}
