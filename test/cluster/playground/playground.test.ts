/** `make playground-up` where it does not go as it should; as it should it is shown by ../quick-start.test.ts. */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { repository } from '../kit/binaries.ts';
import { until } from '../kit/until.ts';

const name = 'playground-up';
const of = (kind: string) => join(repository, 'work/cluster', `${name}.${kind}`);
const script = join(import.meta.dirname, 'playground.sh');
const run = promisify(execFile);
const playground = (word: string, further: NodeJS.ProcessEnv = {}) =>
  run(script, [word], { env: { ...env, ...further } });
/** Those of other runs, which may have been killed, are not ours to judge. */
const ours = mkdtempSync(join(tmpdir(), `${name}-`));
const env = { ...process.env, PLAYGROUND: name, TMPDIR: ours };
const files = () => globSync(join(ours, `teams-sbc-${name}-*`));

/** `up`, once its first program runs. */
async function startingUp(): Promise<ChildProcess> {
  const up = spawn(script, ['up'], { env, detached: true, stdio: 'ignore' });
  const log = join(repository, 'work/cluster', name, 'etcd.log');
  await until(() => files().length > 0 && existsSync(log), { what: 'its first program' });
  return up;
}

before(() => playground('down'));
after(() => playground('down'));
after(() => rmSync(ours, { recursive: true }));

test('A start that fails says why in one line, and leaves nothing', async () => {
  await assert.rejects(playground('up', { TMPDIR: '/nonexistent' }), {
    code: 1,
    stderr:
      /^Cannot start the cluster: it ended; its words are in .*\nENOENT: no such file or directory, mkdtemp '.*'\n$/,
  });
  assert.equal(existsSync(of('pid')), false);
});

test('Ctrl-C takes back what has been started', async () => {
  const up = await startingUp();
  process.kill(-(up.pid ?? 0), 'SIGINT');
  assert.deepEqual(await once(up, 'exit'), [130, null]);
  assert.deepEqual(files(), []);
  assert.equal(existsSync(of('pid')), false);
});

test('Where the one that starts it is killed, the next one waits for the cluster, and says so', async () => {
  (await startingUp()).kill('SIGKILL');
  const waiting = await playground('up');
  assert.match(waiting.stdout, /^The cluster is starting already: waiting for it\nThe cluster is up: /);
  assert.equal(existsSync(of('kubeconfig')), true);
  assert.match((await playground('up')).stdout, /^The cluster is up already: /);
});

test('It is taken down with all that it brought', async () => {
  const { stdout } = await playground('down');
  assert.match(stdout, /^Ending the cluster: waiting for its programs to go\nThe cluster is down/);
  assert.deepEqual(files(), []);
  assert.equal(existsSync(of('kubeconfig')), false);
});
