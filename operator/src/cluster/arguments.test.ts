import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorHelp, parseArguments } from './arguments.ts';
import { Coalescing } from './coalescing.ts';

function run(...argv: string[]) {
  const parsed = parseArguments(argv);
  assert.equal(parsed.kind, 'Run');
  return parsed.arguments;
}

test('without arguments the operator looks after all namespaces, alone', () => {
  assert.deepEqual(run(), {
    namespaces: [],
    leaderElectionNamespace: undefined,
    healthPort: 8081,
    imageRuntime: undefined,
    imageRtpengine: undefined,
    logLevel: 'info',
    workers: 4,
    recheckSeconds: 30,
    reportSeconds: 10,
  });
});

test('namespaces may be repeated, or listed, and count once', () => {
  assert.deepEqual(run('--namespace=a,b', '--namespace', 'b', '--namespace=c').namespaces, ['a', 'b', 'c']);
});

for (const [name, argv, message] of [
  ['an unknown argument', ['--nonsense'], /--nonsense/],
  ['a name that is no namespace', ['--namespace=A_B'], /"A_B" is no name of a namespace/],
  ['a port out of range', ['--health-port=70000'], /found 70000, allowed 0 to 65535/],
  ['no workers at all', ['--workers=0'], /found 0, allowed 1 to 64/],
  ['a period without end', ['--report-seconds=9999'], /found 9999, allowed 1 to 3600/],
  ['a level that does not exist', ['--log-level=loud'], /found loud, allowed error, warn, info, debug/],
  ['a stray word', ['run'], /run/],
] as const) {
  test(`${name} is told in one line`, () => {
    const parsed = parseArguments(argv);
    assert.equal(parsed.kind, 'Wrong');
    assert.match(parsed.message, message);
    assert.ok(!parsed.message.includes('\n'));
  });
}

test('help names every argument', () => {
  assert.equal(parseArguments(['--help']).kind, 'Help');
  for (const name of [
    'namespace',
    'leader-election-namespace',
    'health-port',
    'image-runtime',
    'image-rtpengine',
    'log-level',
    'workers',
    'recheck-seconds',
    'report-seconds',
  ])
    assert.ok(operatorHelp.includes(`--${name} `), name);
});

test('a cheap instance is looked at soon, one that takes long at a quarter of the time, and none later than in two seconds', () => {
  const coalescing = new Coalescing();
  assert.equal(coalescing.delayMs('a'), 25);
  coalescing.took('a', 100);
  assert.equal(coalescing.delayMs('a'), 300);
  assert.deepEqual(coalescing.settling('a'), { quietMs: 200, atLeastMs: 300, atMostMs: 1000 });
  coalescing.took('a', 5000);
  assert.equal(coalescing.delayMs('a'), 2000);
  coalescing.forget('a');
  assert.equal(coalescing.delayMs('a'), 25);
});
