/** What a person can get wrong before the start: one plain line that says what to do, exit code 1, and nothing left behind. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { chmodSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { FQDN } from '../kit/ground.ts';
import { writeManifest } from '../kit/local-sbc.ts';
import { tlsSecret } from '../kit/manifests.ts';
import { run, RunningProcess } from '../kit/process.ts';
import { eventually } from './local-observe.ts';
import { layGround, type LaidGround } from './local-stage.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(ROOT, 'operator', 'bin', 'sbc.mjs');
const RUNTIME = join(ROOT, 'sbc-runtime', 'src', 'main.ts');

interface Fault {
  readonly what: string;
  /** Spoils good manifests; what it returns is put right again afterwards. */
  readonly spoil: (laid: LaidGround) => Promise<(() => Promise<unknown>) | undefined>;
  readonly line: RegExp;
  readonly path?: (laid: LaidGround) => string;
}

/** Replaces text in a manifest, which must hold it. */
function edit({ ground }: LaidGround, file: string, from: RegExp | string, to: string): Promise<undefined> {
  const directory = ground.below('manifests');
  const text = readFileSync(join(directory, file), 'utf8');
  const edited = text.replace(from, to);
  assert.notEqual(edited, text, `${file} has no ${String(from)}`);
  writeManifest(directory, file, edited);
  return Promise.resolve(undefined);
}

function secret({ ground }: LaidGround, certificate: string, key: string): Promise<undefined> {
  writeManifest(ground.below('manifests'), 'secret.yaml', tlsSecret('sbc-tls', certificate, key));
  return Promise.resolve(undefined);
}

function remove({ ground }: LaidGround, file: string): Promise<undefined> {
  rmSync(join(ground.below('manifests'), file));
  return Promise.resolve(undefined);
}

const holdTcp = (address: string, port: number) =>
  new Promise<() => Promise<unknown>>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () =>
      resolve(() => new Promise((closed) => server.close(closed))),
    );
  });

const holdUdp = (address: string, port: number) =>
  new Promise<() => Promise<unknown>>((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind({ port, address, exclusive: true }, () =>
      resolve(() => new Promise<void>((closed) => socket.close(() => closed()))),
    );
  });

/** The sockets of a pod, as the ground's manifests choose them. */
const ports = [
  ['TCP', 5061],
  ['UDP', 5060],
  ['TCP', 8080],
  ['UDP', 2223],
] as const;

const faults: readonly Fault[] = [
  {
    what: 'a field with a value that is not allowed',
    spoil: (laid) => edit(laid, 'sbc.yaml', 'mode: HostNetwork', 'mode: Bridge'),
    line: /manifests\/sbc\.yaml:9: SbcInstance\/sbc spec\.network\.mode: found .*Bridge.*, allowed .*HostNetwork/,
  },
  {
    what: 'a field that does not exist',
    spoil: (laid) => edit(laid, 'teams.yaml', 'allowCIDRs:', 'allowedCIDRs:'),
    line: /manifests\/teams\.yaml:8: TeamsTrunk\/teams spec\.allowedCIDRs: found .*, allowed .*/,
  },
  {
    what: 'text that is not YAML',
    spoil: (laid) => edit(laid, 'pbx.yaml', 'spec:', 'spec: ['),
    line: /manifests\/pbx\.yaml:\d+: /,
  },
  {
    what: 'a trunk of an instance that is not there',
    spoil: (laid) => edit(laid, 'pbx.yaml', 'sbcRef: {name: sbc}', 'sbcRef: {name: sbcs}'),
    line: /manifests\/pbx\.yaml:5: PbxTrunk\/pbx spec\.sbcRef\.name: found sbcs/,
  },
  {
    what: 'an issuerRef, which needs a cluster',
    spoil: (laid) =>
      edit(laid, 'sbc.yaml', 'tls: {secretRef: {name: sbc-tls}}', 'tls: {issuerRef: {name: letsencrypt}}'),
    line: /sbc\.yaml:7: SbcInstance\/sbc spec\.tls\.issuerRef: .*tls\.secretRef.*kubectl create secret tls sbc-tls /,
  },
  {
    what: 'no RTPEngine on the machine',
    spoil: () => Promise.resolve(undefined),
    path: ({ directory }) => directory,
    line: /^Cannot start RTPEngine: no 'rtpengine' in PATH, install it with 'apt-get install rtpengine-daemon'/,
  },
  {
    what: 'a TCP port that another process has',
    spoil: ({ ground }) => holdTcp(ground.at.sbc, 5061),
    line: /SbcInstance\/sbc spec\.listeners\[0\]\.port: found TCP [\d.]+:5061, which another process has bound: .*/,
  },
  {
    what: 'a UDP port that another process has',
    spoil: ({ ground }) => holdUdp(ground.at.sbc, 5060),
    line: /SbcInstance\/sbc spec\.listeners\[1\]\.port: found UDP [\d.]+:5060, which another process has bound: .*/,
  },
  {
    what: "RTPEngine's control port taken",
    spoil: ({ ground }) => holdUdp(ground.at.sbc, 2223),
    line: /SbcInstance\/sbc spec\.media\.controlPort: found UDP [\d.]+:2223, which another process has bound: .*/,
  },
  {
    what: 'an address that the machine does not have',
    spoil: (laid) => edit(laid, 'sbc.yaml', /address: 127\.[\d.]+/, 'address: 192.0.2.77'),
    line: /SbcInstance\/sbc spec\.network\.addresses\[0\]: found 192\.0\.2\.77, which is no address of this machine/,
  },
  {
    what: 'a key that cannot be read',
    spoil: async (laid) => secret(laid, (await laid.ground.pki.sbc(FQDN)).certificate, 'no key\n'),
    line: /secret\.yaml:\d+: Secret\/sbc-tls stringData\.tls\.key: found text that is not a private key/,
  },
  {
    what: 'a key with a passphrase',
    spoil: async (laid) => {
      const { certificate, keyFile } = await laid.ground.pki.sbc(FQDN);
      return secret(laid, certificate, await run('openssl', ['pkcs8', '-topk8', '-in', keyFile, '-passout', 'pass:x']));
    },
    line: /Secret\/sbc-tls stringData\.tls\.key: found text that is not a private key without a passphrase/,
  },
  {
    what: 'the key of another certificate',
    spoil: async (laid) => {
      const { pki } = laid.ground;
      return secret(laid, (await pki.sbc(FQDN)).certificate, (await pki.microsoft()).key);
    },
    line: /Secret\/sbc-tls stringData\.tls\.key: found the key of another certificate, allowed the key of tls\.crt/,
  },
  {
    what: 'a certificate for another name',
    spoil: async (laid) => {
      const { certificate, key } = await laid.ground.pki.wrongName();
      return secret(laid, certificate, key);
    },
    line: /Secret\/sbc-tls stringData\.tls\.crt: found DNS:sip\.example\.org, allowed a certificate that covers sbc-0\.voice\.example\.com too/,
  },
  {
    what: 'a certificate that has expired',
    spoil: async (laid) => {
      const { certificate, key } = await laid.ground.pki.leaf({ names: [FQDN], expired: true });
      return secret(laid, certificate, key);
    },
    line: /Secret\/sbc-tls stringData\.tls\.crt: found a certificate that expired on \d{4}-\d\d-\d\d, allowed one that is valid now/,
  },
  {
    what: 'a Secret that is not there',
    spoil: (laid) => remove(laid, 'secret.yaml'),
    line: /sbc\.yaml:7: SbcInstance\/sbc spec\.tls\.secretRef\.name: found sbc-tls, but no Secret of that name .*kubectl create secret tls sbc-tls /,
  },
  {
    what: 'a bundle of roots that is not there',
    spoil: (laid) => remove(laid, 'roots.yaml'),
    line: /teams\.yaml:\d+: TeamsTrunk\/teams spec\.tls\.trust\.caBundleRef\.name: found microsoft-roots, but no ConfigMap of that name/,
  },
  {
    what: 'a bundle without the key that the trunk names',
    spoil: (laid) => edit(laid, 'roots.yaml', 'ca.crt: |', 'roots.crt: |'),
    line: /TeamsTrunk\/teams spec\.tls\.trust\.caBundleRef\.key: found ca\.crt, but ConfigMap\/microsoft-roots has no such key: it has roots\.crt/,
  },
  {
    what: 'roots that are no certificates',
    spoil: (laid) => edit(laid, 'roots.yaml', /-----BEGIN[^]*/, 'soon\n'),
    line: /ConfigMap\/microsoft-roots data\.ca\.crt: found no certificate, allowed PEM text with at least one/,
  },
  {
    what: 'an RTPEngine that ends at once',
    spoil: (laid) => {
      writeFileSync(join(laid.directory, 'rtpengine'), '#!/bin/sh\necho out of luck >&2\nexit 3\n', { mode: 0o755 });
      return Promise.resolve(async () => rmSync(join(laid.directory, 'rtpengine')));
    },
    path: ({ directory }) => `${directory}:/usr/bin:/bin`,
    line: /^Cannot start: sbc-0\/rtpengine ended \(code 3\): out of luck$/,
  },
];

test('a start that cannot work', async (t) => {
  const laid = await layGround(t);
  const { directory, ground } = laid;
  const manifests = ground.below('manifests');
  const hostAliases = ground.dataCentres.map(({ host, address }) => ({ ip: address, hostnames: [host] }));
  // What `sbc local` checks before, a pod in a cluster meets by itself: the files of a good pod, kept for the runtime alone.
  const root = join(directory, 'kept');

  for (const [at, { what, spoil, line, path }] of faults.entries()) {
    await t.test(what, async () => {
      await ground.writeManifests(hostAliases);
      const mend = await spoil(laid);
      const runDirectory = join(directory, `run-${at}`);
      const local = new RunningProcess(
        process.execPath,
        [PROGRAM, 'local', manifests, `--run-directory=${runDirectory}`],
        {
          name: 'sbc local',
          cwd: directory,
          ...(path === undefined ? {} : { env: { PATH: path(laid) } }),
        },
      );
      try {
        assert.equal(await local.ended, 1, local.lines.join('\n'));
      } finally {
        await local.end();
        await mend?.();
      }
      // RTPEngine's death is an event before it is a failure; the failure is the last word.
      const said = local.lines.filter(
        (each) => !each.startsWith('exited ') && !each.startsWith('draining ') && !each.startsWith('ended '),
      );
      assert.equal(said.length, 1, local.lines.join('\n'));
      assert.match(said[0] ?? '', line);
      await nothingIsLeft(ground.at.sbc, runDirectory);
    });
  }

  await t.test('and put right, the same directory runs', async () => {
    await ground.writeManifests(hostAliases);
    const sbc = await ground.startSbc(join(directory, 'run-good'));
    cpSync(join(directory, 'run-good', 'sbc-0', 'root', 'etc'), join(root, 'etc'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    assert.equal(await sbc.stop(), 0);
    await nothingIsLeft(ground.at.sbc, join(directory, 'run-good'));
    assert.ok(!existsSync(join(directory, 'run-good', 'sbc-0', 'root')), 'keys outlive the pod that used them');
  });

  const runtime = (...more: string[]) => {
    const given = [
      '--pod-name=sbc-0',
      `--bind-address=${ground.at.sbc}`,
      `--state-directory=${root}/etc/teams-sbc/state`,
      `--secrets-directory=${root}/etc/teams-sbc/secrets`,
      `--trust-directory=${root}/etc/teams-sbc/trust`,
      `--hosts-file=${root}/etc/hosts`,
      `--relay=${ground.at.sbc}:2223`,
      '--http-port=8080',
      `--admin-socket=${directory}/admin.sock`,
    ];
    return new RunningProcess(process.execPath, [RUNTIME, ...given, ...more], { name: 'runtime' });
  };
  const key = join(root, 'etc/teams-sbc/secrets/sbc-tls/tls.key');
  const goodKey = readFileSync(key);
  const runtimeFaults: readonly {
    what: string;
    args?: string[];
    spoil?: () => Promise<() => Promise<unknown>>;
    line: RegExp;
  }[] = [
    {
      what: 'without a document',
      args: ['--state-directory=/nonexistent'],
      line: /^Cannot use the routing state: .*routing-state\.json: must be a readable file \(found no such file\)$/,
    },
    {
      what: 'as a pod that the document does not know',
      args: ['--pod-name=sbc-7'],
      line: /^Cannot start as sbc-7: the routing state knows sbc-0, check --pod-name$/,
    },
    { what: 'with an argument that does not exist', args: ['--relais=x'], line: /--relais/ },
    {
      what: 'with a port in use',
      spoil: () => holdTcp(ground.at.sbc, 5061),
      line: /^Cannot listen on [\d.]+:5061 \(TLS, listener \S+\): the port is in use; stop the process that has it/,
    },
    {
      what: 'with its HTTP port in use',
      spoil: () => holdTcp(ground.at.sbc, 8080),
      line: /^Cannot serve HTTP on [\d.]+:8080: the port is in use; stop the process that has it/,
    },
    {
      what: 'with the key of another certificate',
      spoil: async () => {
        chmodSync(key, 0o600);
        writeFileSync(key, (await ground.pki.microsoft()).key);
        return async () => writeFileSync(key, goodKey);
      },
      line: /^Cannot use certificate sbc-tls: tls\.key does not belong to tls\.crt/,
    },
  ];
  for (const { what, args = [], spoil, line } of runtimeFaults) {
    await t.test(`of the runtime alone ${what}`, async () => {
      const mend = await spoil?.();
      const process = runtime(...args);
      try {
        assert.equal(await process.ended, 1, process.lines.join('\n'));
      } finally {
        await process.end();
        await mend?.();
      }
      const plain = process.lines.filter((said) => !said.startsWith('{'));
      assert.equal(plain.length, 1, plain.join('\n'));
      assert.match(plain[0] ?? '', line);
      assert.equal(existsSync(join(directory, 'admin.sock')), false);
    });
  }
});

/** No lock, no child that is remembered, no process that names the run directory, no port. */
async function nothingIsLeft(address: string, runDirectory: string): Promise<void> {
  const files = existsSync(runDirectory) ? readdirSync(runDirectory, { recursive: true, encoding: 'utf8' }) : [];
  assert.deepEqual(
    files.filter((name) => name === 'lock' || name.endsWith('.pid') || name.endsWith('.sock')),
    [],
  );
  await eventually(
    'no process of this run',
    () => processesOf(runDirectory),
    (found) => found.length === 0,
  );
  for (const [protocol, port] of ports) {
    const release = await (protocol === 'UDP' ? holdUdp(address, port) : holdTcp(address, port));
    await release();
  }
}

function processesOf(runDirectory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return words.includes(runDirectory) ? [words] : [];
      } catch {
        return [];
      }
    });
}
