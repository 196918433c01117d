import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guideBlocks, guideCommands } from './guide-commands.ts';

const fence = '```';
const page = `# A page

<!-- file: a.yaml -->
${fence}yaml
a: 1
${fence}

<!-- run -->
${fence}sh
kubectl get sbc   # all kinds

# what follows goes over lines
kubectl patch sbci sbc --type=merge \\
  --patch='{"spec":
    {"replicas": 2}}'
ask() {
  kubectl exec "$1" -- node -e 'run({'
}
ask sbc-0 |
  jq .
${fence}

<!-- not run here: no tenant -->
${fence}powershell
Connect-MicrosoftTeams
${fence}

<!-- runs -->
${fence}sh
kubectl drain n1
${fence}
<!-- run with: two nodes -->
${fence}sh
kubectl drain n2
${fence}
`;

test('every block has its language, its place and its mark', () => {
  const blocks = guideBlocks('a.md', page);
  assert.deepEqual(
    blocks.map(({ language, line, mark }) => [language, line, mark]),
    [
      ['yaml', 5, { kind: 'file', path: 'a.yaml' }],
      ['sh', 10, { kind: 'run' }],
      ['powershell', 25, { kind: 'not-run', why: 'no tenant' }],
      ['sh', 30, undefined],
      ['sh', 34, { kind: 'run', needs: 'two nodes' }],
    ],
  );
  assert.equal(blocks[0]?.text, 'a: 1');
  assert.equal(blocks[0].section, 'A page');
});

test('commands come in their order, each with all its lines, without comments of whole lines', () => {
  const commands = guideCommands(guideBlocks('a.md', page));
  assert.deepEqual(
    commands.map(({ line, text }) => [line, text]),
    [
      [10, 'kubectl get sbc   # all kinds'],
      [13, `kubectl patch sbci sbc --type=merge \\\n  --patch='{"spec":\n    {"replicas": 2}}'`],
      [16, `ask() {\n  kubectl exec "$1" -- node -e 'run({'\n}`],
      [19, 'ask sbc-0 |\n  jq .'],
      [30, 'kubectl drain n1'],
      [34, 'kubectl drain n2'],
    ],
  );
  assert.deepEqual(commands.at(-1)?.mark, { kind: 'run', needs: 'two nodes' });
});

test('a block or a command without an end is told with its place, and a block inside a list', () => {
  assert.throws(() => guideBlocks('a.md', `${fence}sh\nls\n`), /a\.md:1: the block has no end/);
  assert.throws(() => guideBlocks('a.md', `- b\n  ${fence}sh\n`), /a\.md:2: a block begins a line/);
  const open = guideBlocks('a.md', `${fence}sh\necho 'a\n${fence}\n`);
  assert.throws(() => guideCommands(open), /a\.md:2: the command has no end/);
});
