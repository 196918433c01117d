/** `make bench-operator`: 1000 TeamsTrunks and 1000 PbxTrunks against a real API server. `--each`, `--route-changes`, `--idle-seconds` make it smaller. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository } from '../../cluster/kit/binaries.ts';
import { startControlPlane } from '../../cluster/kit/control-plane.ts';
import { ProcessKubelet } from '../../cluster/kit/process-kubelet.ts';
import { Pki } from '../../kit/pki.ts';
import { domain, namespace } from './manifests.ts';
import { measure } from './measure.ts';
import { operatorPage } from './page.ts';

const { values } = parseArgs({
  options: {
    each: { type: 'string', default: '1000' },
    'route-changes': { type: 'string', default: '50' },
    'idle-seconds': { type: 'string', default: '600' },
    page: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const cluster = await startControlPlane({ name: 'bench-operator' });
try {
  for (const name of [namespace, 'bare']) await cluster.createNamespace(name);
  await cluster.apply([await certificate()]);
  await ProcessKubelet.start(cluster);
  const figures = await measure(
    cluster,
    {
      each: Number(values.each),
      routeChanges: Number(values['route-changes']),
      idleSeconds: Number(values['idle-seconds']),
    },
    say,
  );
  const page = operatorPage(figures);
  say(page);
  const results = join(repository, 'work/bench/operator');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`);
  if (values.page) writeFileSync(join(repository, 'docs/performance-operator.md'), page);
} finally {
  await cluster.stop();
}

async function certificate() {
  const directory = mkdtempSync(join(tmpdir(), 'bench-operator-'));
  try {
    const pki = await Pki.create(directory);
    const leaf = await pki.leaf({ names: [`sbc-0.${domain}`, `*.sbc-0.${domain}`], usages: ['serverAuth'] });
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const data = { 'tls.key': base64(leaf.key), 'tls.crt': base64(leaf.certificate) };
    const metadata = { name: 'sbc-tls', namespace };
    return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
