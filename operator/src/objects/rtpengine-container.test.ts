import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anInstance } from '../../test/manifests.ts';
import { rtpengineProcess } from './rtpengine-container.ts';

const logArgs = (logLevel: 'Debug' | 'Info') => {
  const { args = [] } = rtpengineProcess(anInstance({ observability: { logLevel } }));
  return args.filter((arg) => arg.startsWith('--log-level'));
};

test('At Debug RTPEngine says more, but for the parts that would write keys of SRTP', () => {
  assert.deepEqual(logArgs('Debug'), [
    '--log-level=7',
    '--log-level-control=6',
    '--log-level-crypto=6',
    '--log-level-srtp=6',
  ]);
});

test('Below Debug one level is for all parts', () => {
  assert.deepEqual(logArgs('Info'), ['--log-level=5']);
});
