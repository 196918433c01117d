/** The images that `make images` packs, unpacked and run as a pod under Pod Security `restricted` runs them. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { expandVariables } from '../../operator/src/local/expand-variables.ts';
import { rtpengineProcess } from '../../operator/src/objects/rtpengine-container.ts';
import { rtpengineStartupProbe } from '../../operator/src/objects/rtpengine-startup-probe.ts';
import { anInstance } from '../../operator/test/manifests.ts';
import { applicationOf } from '../../scripts/images/application.ts';
import { pinnedNode } from '../../scripts/images/base-layers.ts';
import { ImageBuild } from '../../scripts/images/build.ts';
import { images } from '../../scripts/images/definitions.ts';
import { parseLockfile } from '../../scripts/images/lockfile.ts';
import type { SpdxDocument } from '../../scripts/images/spdx.ts';
import { run, type RunningProcess } from '../kit/process.ts';
import { UnpackedImage } from '../kit/unpacked-image.ts';
import { spdxFaults } from '../packaging/spdx-faults.ts';

const repository = join(import.meta.dirname, '../..');
const workshop = mkdtempSync(join(tmpdir(), 'images-'));
const output = join(workshop, 'images');
/** To make namespaces. */
const asRoot = { skip: process.getuid?.() !== 0 && 'needs root' };
const unpacked = new Map<string, UnpackedImage>();

before(async () => {
  await buildAll(repository, output, images);
  for (const { name } of images)
    unpacked.set(name, new UnpackedImage(join(output, `${name}.tar`), join(workshop, 'unpacked', name)));
});
after(() => rmSync(workshop, { recursive: true, force: true }));

async function buildAll(from: string, to: string, definitions: typeof images): Promise<void> {
  const kept = join(repository, 'work/images/.layers');
  const build = new ImageBuild({ repository: from, output: to, kept, registry: 'ghcr.io/teams-sbc', version: '9.8.7' });
  try {
    for (const image of definitions) await build.build(image);
  } finally {
    build.close();
  }
}

function image(name: string): UnpackedImage {
  const found = unpacked.get(name);
  assert.ok(found, name);
  return found;
}

async function wordsOf(running: RunningProcess): Promise<{ code: number | string; words: string }> {
  const code = await running.ended;
  return { code, words: running.lines.join('\n') };
}

test('the operator starts from its image and says what it takes', asRoot, async () => {
  const { code, words } = await wordsOf(image('operator').start(['--help']));
  assert.match(words, /^teams-sbc operator: keeps SbcInstances/);
  assert.equal(code, 0);
});

test('the runtime starts from its image and says what it misses', asRoot, async () => {
  const { code, words } = await wordsOf(image('sbc-runtime').start([]));
  assert.match(words, /^Cannot start: missing --pod-name/);
  assert.equal(code, 1);
});

test('a process in an image is 65532, writes nowhere, and finds names and roots of trust', asRoot, async () => {
  const program = `
    const { mkdirSync, readFileSync } = await import('node:fs');
    const { X509Certificate } = await import('node:crypto');
    const { lookup } = await import('node:dns/promises');
    for (const folder of ['/tmp/x', '/app/x', '/etc/x']) {
      try { mkdirSync(folder); console.log('wrote', folder); } catch (error) { console.log(error.code); }
    }
    console.log(process.getuid(), process.getgid(), process.getgroups().join());
    console.log((await lookup('localhost')).address);
    const bundle = readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8');
    const roots = bundle.match(/-----BEGIN [^]+?-----END .+-----/g).map((pem) => new X509Certificate(pem));
    console.log(roots.length > 100 && roots.every(({ ca }) => ca));
    console.log(JSON.parse(readFileSync('/app/sbc-runtime/package.json', 'utf8')).version);`;
  const node = ['/usr/local/bin/node', '--input-type=module', '-e', program];
  const { words } = await wordsOf(image('sbc-runtime').exec(node));
  assert.deepEqual(words.split('\n'), ['EROFS', 'EROFS', 'EROFS', '65532 65532 65532', '127.0.0.1', 'true', '9.8.7']);
});

test('RTPEngine starts with the arguments of its pod, and the startup probe finds it', asRoot, async (t) => {
  const instance = anInstance();
  const env = { POD_NAME: 'sbc-0', POD_IP: '127.0.0.1', CONTROL_ADDRESS: '127.0.0.1' };
  const args = (rtpengineProcess(instance).args ?? []).map((arg) => expandVariables(arg, new Map(Object.entries(env))));
  // Later options win; at 6 it says when it has started.
  const engine = image('rtpengine').start([...args, '--log-level=6'], { env });
  t.after(async () => {
    engine.signal('SIGKILL');
    await engine.ended;
  });
  await engine.waitForLine(/Startup complete/);
  const command = rtpengineStartupProbe(instance).exec?.command ?? [];
  const { code, words } = await wordsOf(image('rtpengine').execBeside(engine, command, env));
  assert.deepEqual({ code, words }, { code: 0, words: '' });
});

test('the call test plays Teams and makes its certificates in an emptyDir', asRoot, async () => {
  const help = await wordsOf(image('call-test').exec(['/usr/local/bin/teams-simulator', '--help']));
  assert.match(help.words, /^teams-simulator: plays Microsoft Teams/);
  const program = `
    const { Pki } = await import('/app/test/kit/pki.ts');
    const pki = await Pki.create('/tmp');
    console.log((await pki.microsoft()).certificate.slice(0, 27));`;
  const node = ['/usr/local/bin/node', '--input-type=module', '-e', program];
  const { words } = await wordsOf(image('call-test').exec(node, { writable: '/tmp' }));
  assert.match(words, /-----BEGIN CERTIFICATE-----/);
});

test('only RTPEngine has a shell, and no file of an image has the rights of its owner for others', async () => {
  for (const { name } of images) {
    const { root } = image(name);
    assert.equal(existsSync(join(root, 'usr/bin/bash')), name === 'rtpengine', name);
    assert.ok(!existsSync(join(root, 'usr/bin/sh')), name);
    assert.equal(await run('find', [root, '-perm', '/6000', '-o', '-type', 'f', '-perm', '/022']), '', name);
  }
});

test('each image has a bill of materials in SPDX 2.3, and all that Debian brought is on it', async () => {
  for (const { name } of images) {
    const bill = JSON.parse(readFileSync(join(output, `${name}.spdx.json`), 'utf8')) as SpdxDocument;
    assert.deepEqual(spdxFaults(bill), [], name);
    const listed = new Set(bill.packages.map((found) => found.name));
    const recorded = await run('ls', [join(image(name).root, 'var/lib/dpkg/status.d')]);
    assert.deepEqual(
      recorded.split('\n').filter((found) => !listed.has(found)),
      [],
      name,
    );
    assert.ok(listed.has('libc6'), name);
  }
});

test('a checkout in another folder, with other rights and times, gives the same octets', async () => {
  const runtime = images.filter(({ name }) => name === 'sbc-runtime');
  const [here, there] = [join(workshop, 'here'), join(workshop, 'elsewhere/over')];
  copyOfCheckout(repository, here, { program: 0o755, file: 0o644 }, 1e9);
  copyOfCheckout(here, there, { program: 0o700, file: 0o600 }, 1.5e9);
  await buildAll(here, join(here, 'work'), runtime);
  const umask = process.umask(0o077);
  try {
    await buildAll(there, join(there, 'work'), runtime);
  } finally {
    process.umask(umask);
  }
  for (const file of ['sbc-runtime.tar', 'sbc-runtime.spdx.json']) {
    const [one, other] = [here, there].map((folder) => readFileSync(join(folder, 'work', file)));
    assert.ok(one && other && one.equals(other), file);
  }
});

/** What the runtime's image is made of. */
function copyOfCheckout(from: string, to: string, modes: { program: number; file: number }, seconds: number): void {
  const lock = parseLockfile(readFileSync(join(from, 'package-lock.json'), 'utf8'));
  const { dependencies, code } = applicationOf(from, lock, ['sbc-runtime/src/main.ts']);
  const paths = [...dependencies, ...code, 'package.json', 'package-lock.json', 'LICENSE'];
  for (const path of [...paths, `${pinnedNode()}/bin/node`, `${pinnedNode()}/LICENSE`].reverse()) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(join(from, path), join(to, path));
    chmodSync(join(to, path), path.endsWith('/node') ? modes.program : modes.file);
    utimesSync(join(to, path), seconds, seconds);
  }
}
