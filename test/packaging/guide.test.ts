/** The user guide says nothing that is not there: manifests, commands, names, links. That its commands work is shown in test/node. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { kinds, parseManifest } from '@teams-sbc/crds';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../architecture/sources.ts';
import { guideCommands, guidePages, readGuide } from '../kit/guide-commands.ts';
import * as vocabulary from './guide-vocabulary.ts';

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const blocks = readGuide();
const commands = guideCommands(blocks);
const pages = guidePages.map((file) => ({ file, text: read(file) }));

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec: object;
}

const manifests = blocks
  .filter(({ language }) => language === 'yaml')
  .flatMap(({ file, line, text }) =>
    parseAllDocuments(text).map((document) => {
      assert.deepEqual(document.errors, [], `${file}:${String(line)}`);
      return { place: `${file}:${String(line)}`, manifest: document.toJS() as Manifest };
    }),
  );
const ours = manifests.filter(({ manifest }) => manifest.apiVersion.startsWith('teams-sbc.dev/'));

test('every page is in the order of reading, and README leads to it', () => {
  assert.deepEqual([...guidePages].toSorted(), vocabulary.pagesThere());
  const readme = read('README.md');
  assert.deepEqual(
    guidePages.filter((file) => !readme.includes(`](${file})`)),
    [],
  );
});

test('every manifest of ours is valid, one for each network mode', () => {
  for (const { place, manifest } of ours) {
    const parsed = parseManifest(manifest);
    assert.ok(parsed.ok, `${place}: ${JSON.stringify(parsed)}`);
  }
  const modes = ours.flatMap(({ manifest }) => ('network' in manifest.spec ? [manifest.spec.network] : []));
  assert.deepEqual(
    modes.map((network) => (network as { mode: string }).mode),
    ['HostNetwork', 'LoadBalancerPerPod', 'ClusterPod'],
  );
  const others = manifests.filter((each) => !ours.includes(each)).map(({ manifest }) => manifest.kind);
  assert.deepEqual(others, ['ClusterIssuer', 'PrometheusRule']);
});

test('a field that nobody knows fails in each of them', () => {
  for (const { place, manifest } of ours) {
    const parsed = parseManifest({ ...manifest, spec: { ...manifest.spec, forwardTo: 'x' } });
    assert.ok(!parsed.ok && JSON.stringify(parsed.problems).includes('forwardTo'), place);
  }
});

test('every block is marked: run, saved as a file, or not run here, and then the reader sees why', () => {
  for (const { file, line, language, mark } of blocks) {
    const place = `${file}:${String(line)}`;
    if (language === 'text') {
      assert.equal(mark, undefined, place);
      continue;
    }
    assert.ok(mark !== undefined, `${place} has no mark (test/kit/guide-commands.ts)`);
    assert.ok(mark.kind === 'not-run' || (mark.kind === 'run') === (language === 'sh'), place);
    if (language === 'powershell') assert.equal(mark.kind, 'not-run', place);
    if (mark.kind === 'not-run') assert.match(sectionAround(file, line), /\*Not run here:\*/, place);
  }
});

/** From the heading above a line to the next one. */
function sectionAround(file: string, line: number): string {
  const lines = read(file).split('\n');
  const isHeading = (text: string) => /^##+ /.test(text);
  const begin = lines.slice(0, line).findLastIndex(isHeading);
  const length = lines.slice(line).findIndex(isHeading);
  return lines.slice(begin, length === -1 ? undefined : line + length).join('\n');
}

test('a file that a command reads was saved or written before, or is in the repository', () => {
  const known = new Set(blocks.flatMap(({ mark }) => (mark?.kind === 'file' ? [mark.path] : [])));
  for (const { file, line, mark, text } of commands) {
    for (const [, written = ''] of text.matchAll(/(?:> |-keyout |-out )([\w.-]+)/g)) known.add(written);
    if (mark?.kind === 'not-run') continue;
    for (const [, wanted = ''] of text.matchAll(/(?: -f |--cert=|--key=)([\w./-]+)/g))
      assert.ok(known.has(wanted) || existsSync(join(ROOT, wanted)), `${file}:${String(line)}: ${wanted}`);
  }
});

/** Each kubectl of a command, without what stands behind a pipe or a semicolon. */
const kubectls = commands.flatMap(({ file, line, text }) =>
  [...text.matchAll(/\bkubectl ((?:'[^']*'|"[^"]*"|[^'"|;)])*)/g)].map(([, words = '']) => ({
    place: `${file}:${String(line)}`,
    words: wordsOf(words.replaceAll('\\\n', ' ')),
  })),
);

function wordsOf(command: string): readonly string[] {
  return command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
}

const verbsWithResource = new Set([
  'get',
  'describe',
  'delete',
  'wait',
  'patch',
  'annotate',
  'label',
  'scale',
  'create',
]);
const otherVerbs = new Set(['apply', 'exec', 'logs', 'drain', 'uncordon', 'taint', 'auth', 'config', 'rollout']);
const flagsWithValue = new Set(['--namespace', '--selector', '-o', '-f', '-k', '--container']);

test('kubectl is asked for resources that there are', () => {
  assert.ok(kubectls.length > 40);
  for (const { place, words } of kubectls) {
    const plain = words.filter((word, at) => !word.startsWith('-') && !flagsWithValue.has(words[at - 1] ?? ''));
    const [verb = '', target = ''] = plain;
    assert.ok(verbsWithResource.has(verb) || otherVerbs.has(verb), `${place}: kubectl ${verb}`);
    if (!verbsWithResource.has(verb) || words.includes('-f')) continue;
    for (const name of target.split(',').map((each) => each.replace(/\/.*$/, '')))
      assert.ok(vocabulary.resources.has(name), `${place}: kubectl ${verb} ${name}`);
  }
});

const ofKubernetes = [
  'spec.nodeName',
  'metadata.deletionGracePeriodSeconds',
  'metadata.finalizers',
  'metadata.name',
  'kind',
];

test('commands name fields and conditions that there are', () => {
  for (const { file, line, text } of commands) {
    const place = `${file}:${String(line)}`;
    for (const [, path = ''] of text.matchAll(/[{ :]\.((?:spec|status|metadata|kind)\b(?:[\w.]|\[[^\]]*\])*)/g))
      assert.ok(ofKubernetes.includes(path) || vocabulary.isField(path), `${place}: ${path}`);
    for (const [, name = ''] of text.matchAll(/\{\.(\w+)\}/g)) {
      assert.ok(vocabulary.isFieldName(name), `${place}: ${name}`);
    }
    for (const [, type = ''] of text.matchAll(/(?:--for=condition=|@\.type==")(\w+)/g))
      assert.ok(vocabulary.ourWords.has(type), `${place}: ${type}`);
    for (const [, patch = ''] of text.matchAll(/--patch='([^']*)'/g))
      for (const path of pathsIn(JSON.parse(patch)))
        assert.ok(ofKubernetes.includes(path) || vocabulary.isField(path), `${place}: ${path}`);
    for (const [, path = ''] of text.matchAll(/--set ([\w.]+)=/g))
      assert.ok(vocabulary.isChartValue(path), `${place}: ${path}`);
  }
});

function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, inside]) => pathsIn(inside, path === '' ? name : `${path}.${name}`));
}

test('labels, annotations and metrics of ours are those of the code', () => {
  for (const { file, text } of pages) {
    for (const [, name = ''] of text.matchAll(/(?<!\.)teams-sbc\.dev\/([a-z-]+[a-z])(?![a-z0-9/])/g))
      assert.ok(vocabulary.isOurLabel(name), `${file}: teams-sbc.dev/${name}`);
    for (const [name] of text.matchAll(/\bsbc_[a-z_]+/g)) assert.ok(vocabulary.isMetric(name), `${file}: ${name}`);
  }
});

/** Words of Kubernetes, cert-manager, Argo CD and Teams that stand in inline code beside ours. */
const wordsOfOthers = new Set([
  ...['Pending', 'Terminating', 'FailedCreate', 'ExternalIP', 'InternalIP', 'RuntimeDefault', 'Healthy', 'Progressing'],
]);

test('fields, conditions, reasons and values that the text names are there', () => {
  for (const { file, text } of pages) {
    for (const name of vocabulary.inlineCode(text)) {
      const path = /^(?:spec|status)\.[\w.[\]]+/.exec(name)?.[0];
      if (path !== undefined) assert.ok(vocabulary.isField(path.replace(/\.$/, '')), `${file}: ${name}`);
      const value = /^([a-z]\w*\.\w+)=\w+$/.exec(name)?.[1];
      if (value !== undefined) assert.ok(vocabulary.isChartValue(value), `${file}: ${name}`);
      const word = /^([A-Z][a-z]\w+)(?:=\w+)?$/.exec(name)?.[1];
      if (word === undefined || Object.hasOwn(kinds, word)) continue;
      assert.ok(vocabulary.ourWords.has(word) || wordsOfOthers.has(word), `${file}: ${word}`);
    }
  }
});

test('every link leads to a file that is there, and to a heading of it', () => {
  const all = [...pages, ...['README.md', 'docs/install.md'].map((file) => ({ file, text: read(file) }))];
  for (const { file, text } of all) {
    for (const [, target = ''] of vocabulary.withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const there = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path);
      assert.ok(existsSync(there), `${file}: ${target}`);
      if (anchor === undefined) continue;
      assert.ok(statSync(there).isFile(), `${file}: ${target}`);
      assert.ok(vocabulary.anchorsOf(readFileSync(there, 'utf8')).has(anchor), `${file}: ${target}`);
    }
  }
});
