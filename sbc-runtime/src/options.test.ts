import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeOptions } from './options.ts';

const complete = [
  '--pod-name=sbc-0',
  '--bind-address=127.0.0.10',
  '--state-directory=/s',
  '--secrets-directory=/k',
  '--trust-directory=/t',
  '--admin-socket=/run/a.sock',
];

test('the arguments of the pod template are understood, with defaults for what it may leave out', () => {
  assert.deepEqual(runtimeOptions([...complete, '--relay=[::1]:2223', '--http-port=9090']), {
    ok: true,
    options: {
      podName: 'sbc-0',
      bindAddress: '127.0.0.10',
      stateDirectory: '/s',
      secretsDirectory: '/k',
      trustDirectory: '/t',
      hostsFile: '/etc/hosts',
      relay: { host: '::1', port: 2223 },
      httpPort: 9090,
      adminSocket: '/run/a.sock',
      longestDrainSeconds: Infinity,
    },
  });
});

test('a pod says how long it may drain', () => {
  const result = runtimeOptions([...complete, '--longest-drain-seconds=14400']);
  assert.equal(result.ok && result.options.longestDrainSeconds, 14_400);
});

test('a journal is kept where its directory is named', () => {
  const result = runtimeOptions([...complete, '--journal-directory=/run/journal']);
  assert.equal(result.ok && result.options.journalDirectory, '/run/journal');
});

test('the mirror and the status endpoint are there where their arguments are', () => {
  const mirror = ['--mirror-namespace=voice', '--mirror-instance=sbc', '--mounted-state-directory=/m'];
  const result = runtimeOptions([...complete, ...mirror, '--status-directory=/status', '--status-port=9443']);
  assert.ok(result.ok);
  assert.deepEqual(result.options.mirror, {
    ...{ namespace: 'voice', instance: 'sbc', api: undefined },
    credentials: '/var/run/secrets/kubernetes.io/serviceaccount',
    mounted: { state: '/m', secrets: undefined },
  });
  assert.deepEqual(result.options.status, { port: 9443, directory: '/status' });
});

const refused: Record<string, [string[], RegExp]> = {
  'a missing argument is named': [complete.slice(1), /missing --pod-name/],
  'an unknown argument is named': [[...complete, '--frobnicate'], /frobnicate/],
  'a relay without a port': [[...complete, '--relay=127.0.0.1'], /--relay is 127\.0\.0\.1, write ADDRESS:PORT/],
  'half a mirror': [[...complete, '--mirror-instance=sbc'], /--mirror-namespace and --mirror-instance go together/],
  'an API server without TLS': [
    [...complete, '--mirror-namespace=a', '--mirror-instance=b', '--kubernetes-api=http://a'],
    /--kubernetes-api is http:\/\/a, write https/,
  ],
  'a status port that is none': [[...complete, '--status-directory=/s', '--status-port=0'], /--status-port is 0/],
  'a drain without an end': [[...complete, '--longest-drain-seconds=1h'], /--longest-drain-seconds is no number/],
  'an HTTP port that is none': [[...complete, '--http-port=http'], /--http-port is http/],
};
for (const [name, [argv, problem]] of Object.entries(refused)) {
  test(name, () => {
    const result = runtimeOptions(argv);
    assert.match(result.ok ? 'nothing is wrong' : result.problem, problem);
  });
}
