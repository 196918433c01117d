/** README's “In a cluster”, as it is written: every command of its sh blocks, in one bash. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repository } from './kit/binaries.ts';

const name = 'quick-start';
const readme = readFileSync(join(repository, 'README.md'), 'utf8');
const section = /^## In a cluster\n([^]*?)^## /m.exec(readme)?.[1] ?? '';
const blocks = [...section.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(([, language, text = '']) => ({
  language,
  text,
}));
const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
const shown = blocks.filter(({ language }) => language === '').map(({ text }) => text.trim());

const environment = { ...process.env, PLAYGROUND: name };
const playground = join(repository, 'test/cluster/playground/playground.sh');
const end = () => execFileSync(playground, ['down'], { env: environment, stdio: 'pipe' });
before(end);
after(end);

/** Each block begins where the one before it ended: with its variables. */
function bash(text: string): { status: number | null; stdout: string; stderr: string } {
  const exports = commands[0]?.split('\n').filter((line) => line.startsWith('export ')) ?? [];
  const script = ['set -euo pipefail', ...exports, text]
    .join('\n')
    .replaceAll('/playground.kubeconfig', `/${name}.kubeconfig`);
  return spawnSync('bash', ['-c', script], { cwd: repository, env: environment, encoding: 'utf8' });
}

test('the cluster comes up, the operator is installed, and the samples become an SBC that takes calls', () => {
  const { status, stdout, stderr } = bash(commands[0] ?? 'false');
  assert.equal(status, 0, stderr);
  assert.match(stdout, /Secret sbc-tls does not exist: create it with type kubernetes\.io\/tls/);
  assert.match(stdout, /sbcinstance\.teams-sbc\.dev\/sbc +1 +1 +voice\.example\.com +127\.[\d.]+ .* True +True/);
  assert.match(stdout, /1 of 1 pods take calls/);
  assert.match(stdout, /FIELD: earlyMedia <string>/);
});

test('the wrong manifest is refused with the sentence that README shows', () => {
  const { status, stderr } = bash(commands[1] ?? 'true');
  assert.equal(status, 1);
  assert.equal(stderr.trim(), shown[0]);
});

test('a change of the pod template rolls the pod, and the operator in its own pod is refused nothing', () => {
  const change = JSON.stringify({ spec: { observability: { logLevel: 'Debug' } } });
  const rolled = bash(`
    uid() { kubectl get pod sbc-0 --ignore-not-found -o 'jsonpath={.metadata.uid}'; }
    old=$(uid)
    kubectl patch sbci sbc --type=merge --patch='${change}'
    for _ in $(seq 300); do new=$(uid); [ -z "$new" ] || [ "$new" = "$old" ] || break; sleep 0.2; done
    [ "$new" != "$old" ]
    kubectl wait --for=condition=Ready pod/sbc-0 sbci/sbc --timeout=60s
  `);
  assert.equal(rolled.status, 0, rolled.stderr);
  const logs = join(repository, 'work/cluster', name);
  const operators = readdirSync(logs).filter((file) => file.startsWith('teams-sbc-operator-'));
  assert.equal(operators.length, 2);
  for (const file of operators) assert.doesNotMatch(readFileSync(join(logs, file), 'utf8'), /forbidden|\b403\b/i);
});

test('all of it goes', () => {
  const [deleted = 'false', ...others] = (commands[2] ?? '').split('\n');
  assert.equal(bash(deleted).status, 0);
  // The garbage collector learns of new kinds twice a minute.
  const { stdout } = bash(
    'kubectl wait --for=delete pod/sbc-0 --timeout=90s > work/cluster/deleted; kubectl get sts,svc,cm,sa,role,pdb,netpol -o name',
  );
  assert.deepEqual(stdout.trim().split('\n').toSorted(), [
    'configmap/kube-root-ca.crt',
    'service/kubernetes',
    'serviceaccount/default',
  ]);
  const { status, stderr } = bash(others.join('\n'));
  assert.equal(status, 0, stderr);
});
