import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastRefusals } from './last-refusals.ts';
import { Headers } from './sip/headers.ts';
import type { Hop } from './sip/hop.ts';
import { Response } from './sip/message.ts';

const hop: Hop = {
  ...{ protocol: 'TLS', host: 'sip.pstnhub.microsoft.com', port: 5061 },
  ...{ listener: 'teams', trunk: 'contoso', sentBy: 'sbc.example.com:5061' },
};
const AT = Date.UTC(2026, 10, 23);
const response = (status: number, reason: string, headers: [string, string][] = []) =>
  new Response(status, reason, Headers.from(headers));

test("Microsoft's refusal is kept in its own words, without the identifiers of the call", () => {
  const refusals = new LastRefusals();
  const reason = 'Q.850;cause=63;text="6b7b3dc1-0f6e-4e0c-9a9b-0a1b2c3d4e5f;Provided Trunk FQDN is not allowed"';
  refusals.record(hop, 'INVITE', response(403, 'Forbidden', [['Reason', reason]]), AT);
  assert.deepEqual(refusals.of('contoso', AT), {
    ...{ status: 403, phrase: 'Forbidden', reasonHeader: reason, text: 'Provided Trunk FQDN is not allowed' },
    ...{ host: 'sip.pstnhub.microsoft.com', method: 'INVITE', at: '2026-11-23T00:00:00.000Z' },
  });
});

test('a Warning speaks where there is no Reason', () => {
  const refusals = new LastRefusals();
  refusals.record(hop, 'OPTIONS', response(503, 'No', [['Warning', '399 ms "Trunk is not known"']]), AT);
  const found = refusals.of('contoso', AT);
  assert.deepEqual([found?.warning, found?.text], ['399 ms "Trunk is not known"', 'Trunk is not known']);
});

test('what a called person decides is no refusal of the trunk, nor is a challenge to OPTIONS', () => {
  const refusals = new LastRefusals();
  for (const status of [200, 302, 486, 487, 600, 603]) refusals.record(hop, 'INVITE', response(status, 'x'), AT);
  for (const status of [401, 407]) refusals.record(hop, 'OPTIONS', response(status, 'x'), AT);
  assert.equal(refusals.of('contoso', AT), undefined);
});

test('words without end are cut, and a trunk that has gone leaves nothing behind', () => {
  const refusals = new LastRefusals();
  refusals.record(hop, 'INVITE', response(500, 'x'.repeat(5000), [['Reason', 'y'.repeat(5000)]]), AT);
  const found = refusals.of('contoso', AT);
  assert.deepEqual([found?.phrase.length, found?.reasonHeader?.length], [1024, 1024]);
  refusals.keepOnly(new Set(['other']));
  assert.equal(refusals.of('contoso', AT), undefined);
});

test('a refusal counts for an hour; one to OPTIONS ends when the same host takes OPTIONS', () => {
  const refusals = new LastRefusals();
  const told = (wallMs = AT) => refusals.of('contoso', wallMs)?.method;
  refusals.record(hop, 'INVITE', response(403, 'Forbidden'), AT);
  refusals.optionsAnswered(hop, 200);
  assert.deepEqual([told(AT + 3_600_000), told(AT + 3_600_001)], ['INVITE', undefined]);
  refusals.record(hop, 'OPTIONS', response(403, 'Forbidden'), AT);
  refusals.optionsAnswered({ ...hop, host: 'sip2.pstnhub.microsoft.com' }, 200);
  refusals.optionsAnswered(hop, 403);
  assert.equal(told(), 'OPTIONS');
  refusals.optionsAnswered(hop, 200);
  assert.equal(told(), undefined);
});
