import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { plan, validate } from './local/command-plan.ts';

const samples = new URL('../../config/samples/', import.meta.url).pathname;

for (const name of readdirSync(samples).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')) {
  test(`the sample ${name} is valid, and its plan is YAML`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tsbc-sample-'));
    try {
      await copyFile(join(samples, name), join(directory, basename(name)));
      const { lines, problems } = await validate(directory, Date.now());
      assert.deepEqual(problems, []);
      assert.match(lines.join('\n'), /^valid .*SbcInstance\//m);
      const documents = parseAllDocuments((await plan(directory)).lines.join('\n'));
      const kinds = (Array.isArray(documents) ? documents : []).map(
        (document) => (document.toJS() as { kind: string }).kind,
      );
      assert.deepEqual(kinds.slice(0, 2), ['ConfigMap', 'PodTemplate']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
}
