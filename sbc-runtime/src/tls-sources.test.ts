import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tlsProblemText } from './tls-sources.ts';

test('what is wrong with a certificate is told as it is: expired, not yet valid, or unusable', () => {
  const certificate = { subject: 'certificate', name: 'teams' } as const;
  assert.deepEqual(
    [
      tlsProblemText({ ...certificate, problem: 'expired', detail: 'expired at 2026-01-01T00:00:00.000Z' }),
      tlsProblemText({ ...certificate, problem: 'not-yet-valid', detail: 'valid from 2027-01-01T00:00:00.000Z' }),
      tlsProblemText({ subject: 'bundle', name: 'roots', problem: 'unreadable', detail: 'holds no PEM certificate' }),
    ],
    [
      'The certificate teams expired at 2026-01-01T00:00:00.000Z: peers refuse it until it is renewed',
      'The certificate teams is not yet valid (valid from 2027-01-01T00:00:00.000Z): peers refuse it until then',
      'Cannot use bundle roots: holds no PEM certificate',
    ],
  );
});
