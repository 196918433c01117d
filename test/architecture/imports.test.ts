/** The import rules bite: each is broken once, in a small copy of the house, and must be reported by its name. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ROOT } from './sources.ts';

/** What stands in the copy before anything is broken. */
const HOUSE: Readonly<Record<string, string>> = {
  'sbc-runtime/src/kernel/clock.ts': 'export const clock = 1;\n',
  'sbc-runtime/src/sip/uri.ts': 'export const uri = 1;\n',
  'sbc-runtime/src/transport/flow.ts': "import { uri } from '../sip/uri.ts';\nexport const flow = uri;\n",
  'sbc-runtime/src/transaction/layer.ts': "import { flow } from '../transport/flow.ts';\nexport const layer = flow;\n",
  'sbc-runtime/src/dialog/leg.ts': "import { layer } from '../transaction/layer.ts';\nexport const leg = layer;\n",
  'sbc-runtime/src/b2bua/call.ts': "import { leg } from '../dialog/leg.ts';\nexport const call = leg;\n",
  'operator/src/plan/plan.ts': 'export const plan = 1;\n',
};

/** Exit code and words of the tool for this house with `changes`. */
function cruise(t: TestContext, changes: Readonly<Record<string, string>>): { isRefused: boolean; words: string } {
  const directory = mkdtempSync(join(tmpdir(), 'house-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [file, text] of Object.entries({ ...HOUSE, ...changes })) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  }
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json'])
    copyFileSync(join(ROOT, file), join(directory, file));
  const result = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'operator',
      'sbc-runtime',
    ],
    {
      cwd: directory,
      encoding: 'utf8',
    },
  );
  return { isRefused: result.status !== 0, words: result.stdout + result.stderr };
}

test('the house as it stands is accepted', (t) => {
  const { isRefused, words } = cruise(t, {});
  assert.equal(isRefused, false, words);
});

for (const [what, rule, changes] of [
  [
    'an import upward',
    'not-in-allowed',
    { 'sbc-runtime/src/sip/uri.ts': "import { clock } from '../kernel/clock.ts';\nexport const uri = clock;\n" },
  ],
  [
    'a room skipped: dialog sees transport',
    'not-in-allowed',
    { 'sbc-runtime/src/dialog/leg.ts': "import { flow } from '../transport/flow.ts';\nexport const leg = flow;\n" },
  ],
  [
    'a room skipped by a type alone',
    'not-in-allowed',
    {
      'sbc-runtime/src/b2bua/call.ts':
        "import type { layer } from '../transaction/layer.ts';\nexport type Call = typeof layer;\n",
    },
  ],
  [
    'a cycle',
    'no-cycles',
    {
      'sbc-runtime/src/sip/uri.ts': "import { other } from './other.ts';\nexport const uri = other;\n",
      'sbc-runtime/src/sip/other.ts': "import { uri } from './uri.ts';\nexport const other = () => uri;\n",
    },
  ],
  [
    'the operator in the runtime',
    'operator-and-runtime-never-meet',
    {
      'sbc-runtime/src/b2bua/call.ts':
        "import { plan } from '../../../operator/src/plan/plan.ts';\nexport const call = plan;\n",
    },
  ],
  [
    'a file system in a pure room',
    'pure-rooms-do-no-io',
    { 'sbc-runtime/src/sip/uri.ts': "import { readFileSync } from 'node:fs';\nexport const uri = readFileSync;\n" },
  ],
] as const) {
  test(`${what} is refused`, (t) => {
    const { isRefused, words } = cruise(t, changes);
    assert.equal(isRefused, true, words);
    assert.match(words, new RegExp(rule));
  });
}
