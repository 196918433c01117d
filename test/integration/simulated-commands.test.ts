/** The simulator as a program and its files: what a person types, and the one line that says what was wrong. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { freeBlock } from '../kit/free-address.ts';
import { readScript } from '../teams-simulator/script/script.ts';
import { TrunkHealth } from '../teams-simulator/trunk-health.ts';
import { callAlong } from '../teams-simulator/voice-route.ts';
import { LITTLE_FQDN, littleRequest, littleStage } from './simulated-little-sbc.ts';

const HOME = join(import.meta.dirname, '..', 'teams-simulator');

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

function simulate(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(HOME, 'main.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, error] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (error += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, error })));
}

function folder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

const SIP = 'sip.pstnhub.microsoft.com';

test('help has examples, and the list of requirements has an id a line', async () => {
  const help = await simulate('--help');
  assert.equal(help.code, 0);
  assert.match(help.out, /^Usage$[^]*^Examples$[^]*teams-simulator script /m);
  const list = await simulate('requirements');
  for (const line of list.out.trimEnd().split('\n')) assert.match(line, /^[A-Z]-\d\d +\S/);
});

for (const [args, complaint] of [
  [['dance'], 'dance is none of serve, call, script, requirements, help'],
  [['serve', '--colour', 'red'], /Unknown option '--colour'/],
  [['serve'], '--data-centre is missing'],
  [['serve', '--data-centre', `${SIP}=nowhere`], 'nowhere is not an IPv4 ADDRESS[:PORT]'],
  [['serve', '--data-centre', `${SIP}=127.0.0.1`], '--certificates, or --cert, --key and --ca, are missing'],
  [['call', '--data-centre', `${SIP}=127.0.0.1`], 'call needs --sbc and --to'],
  [['call', '--reject', '99'], '--reject 99 is not a number from 300 to 699'],
  [['script', 'no.yaml', '--sbc', 'a:1', '--data-centre', `${SIP}=127.0.0.1`], /no\.yaml: Cannot read script: ENOENT/],
] as const satisfies readonly (readonly [readonly string[], string | RegExp])[]) {
  test(`wrong use is one line and exit code 2: ${args.join(' ')}`, async () => {
    const { code, error, out } = await simulate(...args);
    assert.deepEqual([code, out], [2, '']);
    assert.match(error, /^teams-simulator: .*; see teams-simulator --help\n$/);
    if (typeof complaint === 'string') assert.ok(error.includes(complaint), error);
    else assert.match(error, complaint);
  });
}

test('an address that is not this machine is told in one line, and certificates are made on the spot', async (t) => {
  const certificates = join(folder(t), 'certs');
  const place = ['--data-centre', `${SIP}=192.0.2.1`, '--certificates', certificates];
  const nameless = await simulate('serve', ...place);
  assert.deepEqual([nameless.code, existsSync(certificates)], [2, false]);
  const { code, error } = await simulate('serve', ...place, '--host', `${LITTLE_FQDN}=192.0.2.2`);
  assert.equal(code, 2);
  assert.match(error, /^teams-simulator: Cannot listen: .*EADDRNOTAVAIL.*\n$/);
  assert.deepEqual(readdirSync(certificates).sort(), [
    'ca.crt',
    'microsoft.crt',
    'microsoft.key',
    'sbc.crt',
    'sbc.key',
  ]);
});

test('a call that nobody takes is exit code 1, and the report is JSON where JSON is asked for', async (t) => {
  const block = await freeBlock();
  t.after(() => block.release());
  const place = ['--data-centre', `${SIP}=${block.address(1)}`, '--host', `${LITTLE_FQDN}=${block.address(2)}`];
  const target = ['--sbc', `${LITTLE_FQDN}:5061`, '--to', '+4930100', '--certificates', join(folder(t), 'certs')];
  const { code, out } = await simulate('call', ...place, ...target, '--wait', '0.1', '--output', 'json', '--report');
  assert.equal(code, 1);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; findings?: { id: string; verdict: string }[] });
  assert.deepEqual(
    events.map(({ event }) => event),
    ['certificates', 'ready', 'waiting', 'connection-refused', 'failed', 'report'],
  );
  assert.ok(events.at(-1)?.findings?.every(({ verdict }) => verdict === 'not seen'));
});

const examples = readdirSync(join(HOME, 'scripts')).map((file) =>
  readScript(readFileSync(join(HOME, 'scripts', file), 'utf8')),
);

test('all example scripts can be read, and each says what it is about', () => {
  assert.ok(examples.length >= 12);
  for (const { name, about } of examples) assert.ok(name.length > 10 && about.length > 5, name);
});

test('the matrix names the scripts for what one of them must show kept, and for nothing else', () => {
  const page = readFileSync(join(HOME, '..', '..', 'docs', 'teams-direct-routing.md'), 'utf8');
  const rows = page.split('\n').filter((row) => row.includes('simulated-scripts.test.ts`: “${file}: '));
  assert.ok(rows.length > 0);
  const kept = new Set(examples.flatMap((script) => script.kept));
  const ids = rows.map((row) => row.slice(2, 6));
  assert.deepEqual(
    ids.filter((id) => !kept.has(id)),
    [],
  );
});

for (const [steps, complaint] of [
  ['- sendd: INVITE', 'step 1: sendd is none of send, expect, wait, prompt, options, lose, trunk'],
  ['- wait: soon', 'step 1: not a time: 200ms, 2s'],
  ['- wait: 1000s', 'step 1: not a number from 0 to 600000'],
  ['- wait: 1\n- expect: ringing', 'step 2.expect: ringing is no method and no status'],
  ['- send: INVITE\n  sdp: {direction: up}', 'step 1.sdp: up is none of sendrecv, sendonly, recvonly, inactive'],
  ['- send: 180\n  forc: a', 'step 1: forc is none of send, call, from'],
  ['- &a [*a]', 'step 1: not a mapping'],
] as const) {
  test(`a script is refused with the place: ${steps.replaceAll('\n', ' ')}`, () => {
    assert.throws(
      () => readScript(`name: x\nsteps:\n${steps.replaceAll(/^/gm, '  ')}\n`),
      (error: Error) => error.message.startsWith(complaint),
    );
  });
}

test('a script that is too long is not read', (t) => {
  const file = join(folder(t), 'long.yaml');
  writeFileSync(file, `name: ${'x'.repeat(70_000)}\nsteps: [{wait: 1}]\n`);
  assert.throws(() => readScript(readFileSync(file, 'utf8')), /at most 65536 octets/);
});

test('healthy trunks are tried first, in any order, and demoted ones last', () => {
  let nowMs = 0;
  const health = new TrunkHealth({ windowMs: 180_000, nowMs: () => nowMs });
  const trunks = ['a', 'b', 'c'].map((fqdn) => ({ fqdn }));
  health.onOptions('a');
  nowMs = 200_000;
  health.onOptions('c');
  health.onOptions('b');
  assert.deepEqual(
    ['a', 'c', 'd'].map((fqdn) => health.standing(fqdn)),
    ['Demoted', 'Active', 'NeverSeen'],
  );
  const orders = [0, 0.99].map((drawn) => health.order(trunks, () => drawn).map(({ fqdn }) => fqdn));
  assert.deepEqual(orders, [
    ['b', 'c', 'a'],
    ['b', 'c', 'a'],
  ]);
});

test('a call goes to the next SBC where one is not there, says 503 or nothing at all', async (t) => {
  const { simulator, little, say } = await littleStage(t);
  say(littleRequest('OPTIONS'));
  await little.hears(200);
  const sbcs = ['127.0.0.9:1', `${LITTLE_FQDN}:5061`];
  const call = await callAlong(simulator, { sbcs }, { to: '+493055555' });
  await call.answered;
  little.onRequest = (heard, sbc) => sbc.answer(heard, heard.message.method === 'INVITE' ? 503 : 200);
  const refused = await callAlong(simulator, { sbcs }, { to: '+493055555' });
  assert.equal((await refused.ended).status, 503);
  little.onRequest = (heard, sbc) => (heard.message.method === 'CANCEL' ? sbc.answer(heard, 200) : undefined);
  await callAlong(simulator, { sbcs, failoverMs: 50 }, { to: '+493055555' });
  await little.hears('CANCEL');
});
