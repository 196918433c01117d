import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { hashRoutingState, type RoutingState } from '@teams-sbc/crds/runtime';
import { sampleState } from '../../../crds/src/runtime/sample-state.ts';
import { DocumentReader, loadDocument, type Directories } from './document-files.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** Folders as the kubelet mounts them: the document, each Secret, each trust bundle. */
function mounted(state: RoutingState = sampleState): Directories {
  const root = mkdtempSync(join(tmpdir(), 'sbc-settings-'));
  made.push(root);
  const write = (path: string, content: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  write('state/routing-state.json', JSON.stringify(state));
  for (const { secret } of state.certificates) {
    write(`secrets/${secret}/tls.crt`, `certificate of ${secret}`);
    write(`secrets/${secret}/tls.key`, `key of ${secret}`);
  }
  for (const { name } of state.trustBundles) write(`trust/${name}/ca.crt`, `roots of ${name}`);
  write('roots.pem', "Microsoft's roots");
  return {
    state: join(root, 'state'),
    secrets: join(root, 'secrets'),
    trust: join(root, 'trust'),
    microsoftRoots: join(root, 'roots.pem'),
  };
}

test('a document comes with the text of every Secret and trust bundle that it names', () => {
  const loaded = loadDocument(mounted());
  assert.ok(loaded.ok);
  const { state, hash, certificates, trustBundles } = loaded.document;
  assert.deepEqual(state, sampleState);
  assert.equal(hash, hashRoutingState(sampleState));
  assert.deepEqual(
    certificates.map(({ certificate, key }) => [certificate, key]),
    sampleState.certificates.map(({ secret }) => [`certificate of ${secret}`, `key of ${secret}`]),
  );
  for (const bundle of trustBundles) {
    assert.equal(bundle.roots, bundle.isMicrosoft ? "Microsoft's roots" : `roots of ${bundle.name}`);
  }
});

test('a document with a problem is refused whole, with the path of what is wrong', () => {
  const directories = mounted();
  const broken = { ...sampleState, limits: { maxCalls: 0, maxCallsPerSecond: 1 } };
  writeFileSync(join(directories.state, 'routing-state.json'), JSON.stringify(broken));
  const loaded = loadDocument(directories);
  assert.equal(loaded.ok ? 'accepted' : loaded.refusal.problems[0]?.path, 'limits.maxCalls');
});

test('a missing key refuses the document and names the file', () => {
  const directories = mounted();
  const [{ secret } = assert.fail('the sample has no certificate')] = sampleState.certificates;
  const path = join(directories.secrets, secret, 'tls.key');
  rmSync(path);
  const loaded = loadDocument(directories);
  assert.equal(
    loaded.ok ? 'accepted' : loaded.refusal.problems[0]?.message,
    `${path}: must be a readable file (found no such file)`,
  );
});

test('no document at all is a refusal too', () => {
  const directories = mounted();
  rmSync(join(directories.state, 'routing-state.json'));
  assert.equal(loadDocument(directories).ok, false);
});

test('the fingerprint tells any change that matters, and nothing else', () => {
  const directories = mounted();
  const before = loadDocument(directories);
  writeFileSync(join(directories.state, 'routing-state.json'), JSON.stringify(sampleState, undefined, 2));
  const reformatted = loadDocument(directories);
  const [{ secret } = assert.fail('the sample has no certificate')] = sampleState.certificates;
  writeFileSync(join(directories.secrets, secret, 'tls.crt'), 'renewed');
  const renewed = loadDocument(directories);
  assert.ok(before.ok && reformatted.ok && renewed.ok);
  assert.equal(reformatted.document.fingerprint, before.document.fingerprint);
  assert.notEqual(renewed.document.fingerprint, before.document.fingerprint);
});

/** The sample with a trunk that logs in. */
const withLogin: RoutingState = {
  ...sampleState,
  trunks: sampleState.trunks.map((trunk) =>
    trunk.kind === 'PbxTrunk' ? { ...trunk, auth: { secret: 'pbx-login' } } : trunk,
  ),
};

function mountedWithLogin(files: Readonly<Record<string, string>>): Directories {
  const directories = mounted(withLogin);
  mkdirSync(join(directories.secrets, 'pbx-login'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(directories.secrets, 'pbx-login', name), content);
  return directories;
}

test('a login comes by trunk, without the line break at the end of a file, and with a realm where there is one', () => {
  const directories = mountedWithLogin({ username: 'sbc\n', password: 'open  sesame\r\n' });
  const loaded = loadDocument(directories);
  assert.deepEqual(loaded.ok && [...loaded.document.logins], [['pbx', { username: 'sbc', password: 'open  sesame' }]]);
  writeFileSync(join(directories.secrets, 'pbx-login', 'realm'), 'pbx.example.com');
  const realm = loadDocument(directories);
  assert.equal(realm.ok && realm.document.logins.get('pbx')?.realm, 'pbx.example.com');
});

test('a new password changes the fingerprint, and a reader sees it', () => {
  const directories = mountedWithLogin({ username: 'sbc', password: 'old' });
  const reader = new DocumentReader(directories);
  const before = reader.read();
  writeFileSync(join(directories.secrets, 'pbx-login', 'password'), 'new');
  const after = reader.read();
  assert.ok(before.ok && after.ok);
  assert.notEqual(after.document.fingerprint, before.document.fingerprint);
  assert.equal(after.document.logins.get('pbx')?.password, 'new');
});

test('a login that cannot be used refuses the document, and no word of it is told', () => {
  const faults: readonly (readonly [files: Record<string, string>, name: string, found: string])[] = [
    [{ username: 'sbc' }, 'password', 'no such file'],
    [{ username: '', password: 'Geheim' }, 'username', '0 octets'],
    [{ username: 'sbc\r\nX-Evil: yes', password: 'Geheim' }, 'username', 'a control character'],
    [{ username: 'sbc', password: 'Geheim'.repeat(50) }, 'password', '300 octets'],
    [{ username: 'sbc', password: 'Geheim', realm: '\n' }, 'realm', '0 octets'],
  ];
  for (const [files, name, found] of faults) {
    const loaded = loadDocument(mountedWithLogin(files));
    assert.ok(!loaded.ok);
    const [problem, ...others] = loaded.refusal.problems;
    assert.deepEqual([others, problem?.found], [[], found]);
    assert.ok(problem?.path.endsWith(`pbx-login/${name}`));
    assert.doesNotMatch(JSON.stringify(loaded.refusal), /Geheim|Evil/);
  }
});

test('a second look that finds the same bytes gives back the same result, accepted or refused', () => {
  const directories = mounted();
  const reader = new DocumentReader(directories);
  const accepted = reader.read();
  assert.equal(accepted.ok, true);
  assert.equal(reader.read(), accepted);
  rmSync(join(directories.state, 'routing-state.json'));
  const refused = reader.read();
  assert.equal(refused.ok, false);
  assert.equal(reader.read(), refused);
});

test('a second look sees each file that the document names change, vanish and come back', () => {
  const directories = mounted();
  const [{ secret } = assert.fail('the sample has no certificate')] = sampleState.certificates;
  const named = [
    join(directories.state, 'routing-state.json'),
    join(directories.secrets, secret, 'tls.crt'),
    join(directories.secrets, secret, 'tls.key'),
    directories.microsoftRoots,
    ...sampleState.trustBundles
      .filter(({ source }) => !('preset' in source))
      .map(({ name }) => join(directories.trust, name, 'ca.crt')),
  ];
  const reader = new DocumentReader(directories);
  for (const path of named) {
    const before = reader.read();
    const content = readFileSync(path);
    writeFileSync(path, `${content.toString()} `);
    const changed = reader.read();
    assert.notEqual(changed, before, path);
    rmSync(path);
    assert.equal(reader.read().ok, false, path);
    writeFileSync(path, content);
    assert.deepEqual(reader.read(), before, path);
  }
});

test('a Secret that only a new document names is looked at from then on', () => {
  const directories = mounted();
  const reader = new DocumentReader(directories);
  const [certificate = assert.fail('the sample has no certificate'), ...others] = sampleState.certificates;
  const moved = { ...sampleState, certificates: [{ ...certificate, secret: 'moved' }, ...others] };
  assert.equal(reader.read().ok, true);
  writeFileSync(join(directories.state, 'routing-state.json'), JSON.stringify(moved));
  assert.equal(reader.read().ok, false);
  mkdirSync(join(directories.secrets, 'moved'));
  for (const name of ['tls.crt', 'tls.key']) writeFileSync(join(directories.secrets, 'moved', name), 'moved');
  const loaded = reader.read();
  assert.equal(loaded.ok && loaded.document.certificates[0]?.key, 'moved');
});

test('a Secret that has lost its password holds up no document: the login that served before goes on', () => {
  const directories = mountedWithLogin({ username: 'sbc', password: 'old' });
  const first = loadDocument(directories);
  assert.ok(first.ok);
  rmSync(join(directories.secrets, 'pbx-login', 'password'));
  const login = { username: 'sbc', password: 'old' };
  const loaded = loadDocument(directories, () => first.document);
  assert.deepEqual(loaded.ok && loaded.document.logins.get('pbx'), login);
  assert.equal(loaded.ok && loaded.document.fingerprint, first.document.fingerprint);
  const other = { ...first.document, state: sampleState };
  assert.equal(loadDocument(directories, () => other).ok, false, 'of a trunk that had another Secret, or none');
});
