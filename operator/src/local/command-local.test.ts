/** Local mode as a whole: real files, real sockets on loopback, real processes; the stub runtime stands for the real one. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { certificate, key } from '../../test/certificates.ts';
import { systemClock } from '../kernel/clock.ts';
import { askLadder, askStatus } from './command-ask.ts';
import type { LocalResult } from './command-local.ts';
import { runLocal } from './command-local.ts';
import type { LocalEvent } from './local-event.ts';
import { isStillRunning, identify } from './process-identity.ts';

let base = '';
before(async () => void (base = await mkdtemp(join(tmpdir(), 'tsbc-'))));
after(() => rm(base, { recursive: true }));

const stub = new URL('../../test/stub-runtime/main.ts', import.meta.url).pathname;
// Of our own process: another checkout may run the same test at the same time.
const net = `127.94.${(process.pid % 250) + 1}`;
const address = `${net}.10`;
const indented = (pem: string) => pem.trimEnd().replaceAll('\n', '\n    ');

const manifests = (spec = '') => `apiVersion: teams-sbc.dev/v1alpha1
kind: SbcInstance
metadata: { name: sbc }
spec:
  domain: voice.example.com
  tls: { secretRef: { name: sbc-tls } }
  media: { engine: None }
  network: { addresses: [{ address: ${address} }] }
  ${spec}
---
apiVersion: teams-sbc.dev/v1alpha1
kind: TeamsTrunk
metadata: { name: teams }
spec: { sbcRef: { name: sbc } }
---
apiVersion: teams-sbc.dev/v1alpha1
kind: PbxTrunk
metadata: { name: pbx }
spec: { sbcRef: { name: sbc }, peers: [{ name: a, host: 10.20.0.10 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: sbc-tls }
stringData:
  tls.crt: |
    ${indented(certificate)}
  tls.key: |
    ${indented(key)}
`;

/** One `sbc local` in this process; `until` waits for what it says. */
class Session {
  readonly directory: string;
  readonly runDirectory: string;
  readonly events: LocalEvent[] = [];
  readonly result: Promise<LocalResult>;
  signal: () => void = () => undefined;
  /** Called within the report of each event. */
  onEvent: (event: LocalEvent) => void = () => undefined;
  #heard: () => void = () => undefined;

  constructor(name: string) {
    this.directory = join(base, name);
    this.runDirectory = join(base, `${name}.run`);
    this.result = runLocal({
      directory: this.directory,
      runDirectory: this.runDirectory,
      log: 'file',
      userId: process.getuid?.() ?? 0,
      ownPid: process.pid,
      machine: { node: process.execPath, runtimeEntry: stub, path: '' },
      inherited: { PATH: process.env['PATH'] ?? '' },
      clock: systemClock,
      report: (event) => {
        this.events.push(event);
        this.onEvent(event);
        this.#heard();
      },
      onSignal: (callback) => void (this.signal = callback),
    });
  }

  /** The next event of this kind that was not waited for before. */
  async until<Kind extends LocalEvent['event']>(kind: Kind): Promise<Extract<LocalEvent, { event: Kind }>> {
    for (;;) {
      const index = this.events.findIndex(({ event }) => event === kind);
      if (index !== -1) return this.events.splice(0, index + 1)[index] as Extract<LocalEvent, { event: Kind }>;
      await new Promise<void>((resolve) => (this.#heard = resolve));
    }
  }

  write(text: string): Promise<void> {
    return writeFile(join(this.directory, 'sbc.yaml'), text);
  }
}

async function session(name: string, text: string): Promise<Session> {
  await mkdir(join(base, name));
  await writeFile(join(base, name, 'sbc.yaml'), text);
  return new Session(name);
}

test('what is written while the pods start is followed as well', async () => {
  const local = await session('early', manifests());
  local.onEvent = ({ event }) => {
    if (event === 'ready') writeFileSync(join(local.directory, 'sbc.yaml'), manifests('capacity: { maxCalls: 9 }'));
  };
  await local.until('applied');
  local.signal();
  assert.deepEqual(await local.result, { kind: 'ended' });
});

test('a directory is served, followed, and drained at the end', async (t) => {
  const local = await session('served', manifests());
  const ready = await local.until('ready');
  assert.deepEqual([ready.pod, ready.container], ['sbc-0', 'runtime']);
  await local.until('running');
  const asked = { runDirectory: local.runDirectory, pod: undefined, output: 'text' } as const;

  await t.test('its pods can be asked', async () => {
    assert.match((await askStatus(asked)).join(), /^sbc-0 {2}runtime stub {2}serving/);
    assert.deepEqual(await askLadder(asked, { call: undefined, withMessages: false }), ['ladder of sbc-0']);
    await assert.rejects(askLadder(asked, { call: 'none', withMessages: false }), { name: 'LocalError' });
  });

  await t.test('a second one for the same directory is refused', async () => {
    await assert.rejects(new Session('served').result, /runs this directory already/);
  });

  await t.test('a good change is applied', async () => {
    await local.write(manifests('capacity: { maxCalls: 7 }'));
    const { hash } = await local.until('applied');
    const document = await readFile(
      join(local.runDirectory, 'sbc-0/root/etc/teams-sbc/state/routing-state.json'),
      'utf8',
    );
    assert.match(document, /"maxCalls": 7/);
    assert.match((await askStatus(asked)).join(), new RegExp(hash));
  });

  await t.test('a bad change is refused whole, and the last good state keeps serving', async () => {
    await local.write(manifests('capacity: { maxCalls: 0 }').replace('10.20.0.10', '10.20.0.11'));
    const { problems } = await local.until('refused');
    assert.match(problems.join(), /sbc\.yaml:9: SbcInstance\/sbc spec\.capacity\.maxCalls: found 0/);
    const document = await readFile(
      join(local.runDirectory, 'sbc-0/root/etc/teams-sbc/state/routing-state.json'),
      'utf8',
    );
    assert.match(document, /10\.20\.0\.10/);
  });

  await t.test('a runtime that dies is started again', async () => {
    process.kill(ready.pid, 'SIGKILL');
    const exited = await local.until('exited');
    assert.deepEqual([exited.pid, exited.how, exited.restartInMs], [ready.pid, 'signal SIGKILL', 0]);
    assert.notEqual((await local.until('ready')).pid, ready.pid);
  });

  local.signal();
  await local.until('draining');
  await local.until('ended');
  assert.deepEqual(await local.result, { kind: 'ended' });
});

test('a pod that is taken out of the directory drains, and one that is added starts', async () => {
  const second = manifests().replace('name: sbc }', 'name: two }').split('---')[0]?.replace(address, `${net}.11`) ?? '';
  const local = await session('pods', manifests());
  await local.until('running');
  await local.write(`${manifests()}---\n${second}`);
  assert.equal((await local.until('starting')).pod, 'two-0');
  const { pid } = await local.until('ready');
  const child = identify(pid);
  assert.ok(child);
  await local.write(manifests());
  assert.equal((await local.until('draining')).pod, 'two-0');
  assert.equal((await local.until('ended')).pod, 'two-0');
  assert.equal(isStillRunning(child), false);
  local.signal();
  await local.result;
});

test('a runtime that cannot start ends the command with its last line', async () => {
  const network = `network: { addresses: [{ address: ${address} }]`;
  const local = await session(
    'crash',
    manifests().replace(network, `${network}, hostAliases: [{ ip: 192.0.2.1, hostnames: [crash.example.com] }]`),
  );
  await assert.rejects(local.result, /Cannot start: sbc-0\/runtime ended \(code 1\): Cannot start: told to crash/);
});

test('a port that is taken is named with its field before anything starts', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(5061, address, resolve));
  const local = await session('taken', manifests());
  const result = await local.result;
  await new Promise((resolve) => server.close(resolve));
  assert.equal(result.kind, 'refused');
  assert.match(
    result.problems.join(),
    /SbcInstance\/sbc spec\.listeners\[0\]\.port: found TCP 127\.94\.\d+\.10:5061, which another process has bound/,
  );
  assert.deepEqual(local.events, []);
});
