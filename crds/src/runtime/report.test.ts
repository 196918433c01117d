import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashRoutingState } from './hash.ts';
import {
  maxReportLength,
  maxSummaryLength,
  parseRuntimeReport,
  parseRuntimeSummary,
  type RuntimeReport,
} from './report.ts';
import { sampleState } from './sample-state.ts';

const report: RuntimeReport = {
  version: '0.1.0',
  pod: 'sbc-0',
  hash: hashRoutingState(sampleState),
  refusal: {
    problems: [{ path: 'media', message: 'media: is missing', found: 'nothing', allowed: 'an object' }],
    at: '2026-09-01T10:00:00.000Z',
  },
  advertised: { fqdn: 'sbc-0.voice.example.com', mediaAddress: '203.0.113.7' },
  draining: false,
  calls: { active: 3 },
  trunks: [
    {
      name: 'teams',
      targets: [
        {
          host: 'sip.pstnhub.microsoft.com',
          port: 5061,
          state: 'Up',
          lastStatus: 200,
          lastAnsweredAt: '2026-09-01T10:00:00Z',
        },
        { host: 'sip2.pstnhub.microsoft.com', port: 5061, state: 'Down', heldUntil: '2026-09-01T10:01:00Z' },
        {
          host: 'sip3.pstnhub.microsoft.com',
          state: 'Unknown',
          lastFailure: 'expired',
          tls: { state: 'Failed', failure: 'expired' },
        },
      ],
      lastRefusal: {
        status: 403,
        phrase: 'Forbidden',
        reasonHeader: 'Q.850;cause=63;text="1;No trunk config"',
        text: 'No trunk config',
        host: 'sip.pstnhub.microsoft.com',
        method: 'INVITE',
        at: '2026-09-01T09:59:00Z',
      },
      optionsReceivedAt: '2026-09-01T09:59:30Z',
    },
  ],
  certificates: [
    { name: 'older', notAfter: '2026-12-01T00:00:00Z', names: ['sbc-0.voice.example.com'] },
    {
      name: 'sbc-tls',
      notAfter: '2026-09-11T00:00:00Z',
      daysLeft: 9,
      names: ['sbc-0.voice.example.com'],
      keyUsages: ['serverAuth'],
      findings: [{ code: 'expires-soon', severity: 'warning', message: 'expires in 9 days' }],
    },
  ],
};

test('a report that was written is read back as it was', () => {
  assert.deepEqual(parseRuntimeReport(JSON.stringify(report)), { ok: true, report });
});

test('what a newer runtime says more is dropped', () => {
  const newer = { ...report, memory: 1, calls: { active: 3, queued: 1 } };
  assert.deepEqual(parseRuntimeReport(JSON.stringify(newer)), { ok: true, report });
});

test('a report that is none is refused with a reason', () => {
  const parsed = parseRuntimeReport(JSON.stringify({ ...report, hash: 'md5:1', draining: undefined }));
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map(({ message }) => message),
    ['hash: must be sha256: and 64 hexadecimal digits (found "md5:1")', 'draining: is missing, must be true or false'],
  );
});

test('a report that is too long is refused unread', () => {
  assert.equal(parseRuntimeReport(' '.repeat(maxReportLength + 1)).ok, false);
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseRuntimeReport(text)));
});

test('a summary is a report without what grows with the trunks', () => {
  const { trunks, certificates, advertised, ...summary } = report;
  assert.ok(trunks.length + certificates.length > 0);
  assert.deepEqual(parseRuntimeSummary(JSON.stringify({ ...summary, ...(advertised && { advertised }) })), {
    ok: true,
    summary: { ...summary, ...(advertised && { advertised }) },
  });
  assert.equal(parseRuntimeSummary(JSON.stringify({ ...summary, pod: undefined })).ok, false);
  assert.equal(parseRuntimeSummary(' '.repeat(maxSummaryLength + 1)).ok, false);
});
