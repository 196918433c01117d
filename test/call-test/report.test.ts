import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Report, StepFailed } from './report.ts';

function written(act: (report: Report) => void): { lines: string[]; report: Report } {
  const lines: string[] = [];
  const report = new Report((line) => lines.push(line));
  act(report);
  report.end();
  return { lines, report };
}

test('each step has one line, and the last line is the verdict', () => {
  const { lines, report } = written((each) => {
    each.ok('The SBC is ready');
    each.ok('Teams calls the PBX');
  });
  assert.deepEqual(lines, [
    'ok      The SBC is ready',
    'ok      Teams calls the PBX',
    'The test has passed: calls work both ways',
  ]);
  assert.equal(report.hasFailed, false);
});

test('what failed stands with its remedies, each in one line whatever the words of others', () => {
  const { lines, report } = written((each) => {
    each.failed(new StepFailed('Not ready:\n  a\n  b', 'Do this', 'Or\nthat'));
    each.ok('All is deleted');
  });
  assert.deepEqual(lines, [
    'failed  Not ready: a b',
    '        remedy: Do this',
    '        remedy: Or that',
    'ok      All is deleted',
    'The test has failed',
  ]);
  assert.equal(report.hasFailed, true);
});

test('an error that nobody foresaw is a failure in its own words', () => {
  const { lines } = written((each) => each.failed(new Error('read ECONNRESET')));
  assert.deepEqual(lines, ['failed  read ECONNRESET', 'The test has failed']);
});

test('a message without end is cut', () => {
  const { lines } = written((each) => each.failed(new Error('x'.repeat(5000))));
  assert.ok((lines[0] ?? '').length < 1100);
});
