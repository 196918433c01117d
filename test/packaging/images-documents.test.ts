/** What stands in an image and beside it: its configuration, what Debian's tools say, the bill of materials. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultImages } from '../../operator/src/objects/images.ts';
import { objectsIn, ownersIn } from '../../scripts/images/debian.ts';
import { images } from '../../scripts/images/definitions.ts';
import { imageDocuments } from '../../scripts/images/oci.ts';
import { spdxDocument } from '../../scripts/images/spdx.ts';
import { spdxFaults } from './spdx-faults.ts';

const repository = join(import.meta.dirname, '../..');
const layer = { title: 'code', diffId: 'a'.repeat(64), bytes: 10, digest: 'b'.repeat(64), size: 5, blob: '/x' };
const container = {
  architecture: 'amd64',
  entrypoint: ['/usr/local/bin/node', '/app/main.ts'],
  environment: ['PATH=/usr/bin'],
  workingDirectory: '/app',
  labels: {},
};
const { digest, files } = imageDocuments('ghcr.io/teams-sbc/operator:0.1.0', container, [layer]);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const json = (path: string): unknown => JSON.parse(files.get(path) ?? '');

test('the archive names the image as containerd and as skopeo ask for it', () => {
  const { manifests } = json('index.json') as { manifests: [{ digest: string; annotations: unknown }] };
  assert.equal(manifests[0].digest, digest);
  assert.deepEqual(manifests[0].annotations, {
    'io.containerd.image.name': 'ghcr.io/teams-sbc/operator:0.1.0',
    'org.opencontainers.image.ref.name': '0.1.0',
  });
});

test('every document lies under its own digest', () => {
  const blobs = [...files].filter(([path]) => path.startsWith('blobs/sha256/'));
  assert.equal(blobs.length, 2);
  for (const [path, content] of blobs) assert.equal(path, `blobs/sha256/${sha256(content)}`);
});

test('a container runs as 65532 and starts its program with the arguments of the pod', () => {
  const [{ Config }] = json('manifest.json') as [{ Config: string }];
  const configuration = json(Config) as { config: Record<string, unknown>; rootfs: unknown };
  assert.equal(configuration.config['User'], '65532:65532');
  assert.deepEqual(configuration.config['Entrypoint'], container.entrypoint);
  assert.equal(configuration.config['Cmd'], undefined);
  assert.deepEqual(configuration.rootfs, { type: 'layers', diff_ids: [`sha256:${layer.diffId}`] });
});

test('the images have the names that the operator asks for', () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  const built = images.map(({ name }) => `ghcr.io/teams-sbc/${name}:${version}`);
  for (const image of Object.values(defaultImages)) assert.ok(built.includes(image), image);
});

test('the Containerfile ends in the same images', () => {
  const text = readFileSync(join(repository, 'Containerfile'), 'utf8');
  const stages = new Map(text.split(/^FROM /m).map((stage) => [/^\S+ AS (\S+)/.exec(stage)?.[1], stage]));
  for (const { name, entrypoint, environment, node } of images) {
    const stage = stages.get(name) ?? '';
    assert.match(stage, new RegExp(`^COPY --from=\\S+ /images/${name}/ /$`, 'm'));
    assert.ok(stage.includes(`\nENTRYPOINT ${JSON.stringify(entrypoint).replaceAll('","', '", "')}\n`), name);
    assert.ok(stage.includes(`\nENV ${environment.join(' ')}\n`), name);
    assert.ok(stage.includes('\nUSER 65532:65532\n'), name);
    assert.equal(stage.includes('\nWORKDIR /app\n'), node !== undefined, name);
  }
});

test('ldd: the objects and the loader, not what the kernel brings; a missing one is an error', () => {
  const said = `\tlinux-vdso.so.1 (0x00007f)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n`;
  assert.deepEqual(objectsIn(said), ['/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
  assert.throws(() => objectsIn('\tlibx.so.1 => not found\n'), /Cannot find libx\.so\.1/);
});

test('dpkg: the owner of a file, the first of several, without its remarks', () => {
  const said = `diversion by dash from: /bin/sh\nlibc6:amd64: /lib/x.so\na, b: /usr/share/y\n`;
  assert.deepEqual(
    [...ownersIn(said)],
    [
      ['/lib/x.so', 'libc6:amd64'],
      ['/usr/share/y', 'a'],
    ],
  );
});

const npm = { license: 'MIT', integrity: `sha512-${Buffer.alloc(64, 1).toString('base64')}`, isWorkspace: false };
const bill = spdxDocument({
  image: { name: 'operator', reference: 'ghcr.io/teams-sbc/operator:0.1.0', digest, license: 'MIT', version: '0.1.0' },
  debian: [
    { name: 'libc6', version: '2.36-9+deb12u14', architecture: 'amd64', source: 'glibc', sourceVersion: '2.36' },
  ],
  npm: [
    {
      ...npm,
      path: 'operator',
      name: '@x/operator',
      version: '0.1.0',
      isWorkspace: true,
      needs: ['node_modules/@y/z'],
    },
    { ...npm, path: 'node_modules/@y/z', name: '@y/z', version: '1.2.3', needs: [] },
  ],
  roots: ['operator'],
});

test('the bill of materials is SPDX 2.3', () => assert.deepEqual(spdxFaults(bill), []));

test('the bill names packages as scanners look for them', () => {
  const locators = bill.packages.flatMap(({ externalRefs = [] }) =>
    externalRefs.map((found) => found.referenceLocator),
  );
  assert.ok(locators.includes('pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12'));
  assert.ok(locators.includes('pkg:npm/%40y/z@1.2.3'));
  const found = bill.packages.find(({ name }) => name === '@y/z');
  assert.equal(found?.downloadLocation, 'https://registry.npmjs.org/@y/z/-/z-1.2.3.tgz');
  assert.deepEqual(found.checksums, [{ algorithm: 'SHA512', checksumValue: '01'.repeat(64) }]);
});

test('a bill without what SPDX 2.3 asks for is found out', () => {
  const [image, ...others] = bill.packages;
  assert.ok(image);
  const faults = spdxFaults({
    ...bill,
    documentNamespace: 'x#y',
    packages: [{ ...image, licenseDeclared: 'My own' }, ...others, image],
  });
  assert.deepEqual(
    faults.map((fault) => fault.split(':')[0]),
    ['documentNamespace', 'licenseDeclared', 'SPDXID'],
  );
});
