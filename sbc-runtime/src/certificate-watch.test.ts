import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseRuntimeReport } from '@teams-sbc/crds/runtime';
import { CertificateWatch } from './certificate-watch.ts';
import { silentLog, type Facts, type Log } from './kernel/log.ts';
import { VirtualClock } from './kernel/virtual-clock.ts';
import { PrometheusMetrics } from './observability/prometheus-metrics.ts';
import { Authority, type Issued } from './transport/testing/authority.ts';

const authority = new Authority();
after(() => authority.close());

const FQDN = 'sbc-0.voice.example.com';
const DAY_MS = 86_400_000;
const both = { names: [FQDN], purposes: 'serverAuth,clientAuth', key: 'RSA-2048', days: 60 } as const;
const root = authority.selfSigned('Root');
const issuing = authority.issue(root, 'Issuing', { isAuthority: true });
const own = authority.issue(issuing, 'own', both);
const renewed = authority.issue(issuing, 'renewed', { ...both, purposes: 'serverAuth' });
const source = ({ pem, key }: Issued) => ({ name: 'sbc-tls', chain: pem + issuing.pem, key, names: [FQDN] });

function setUp() {
  const clock = new VirtualClock(own.x509.validToDate.getTime() - 32 * DAY_MS);
  const lines: { level: string; facts: Facts | undefined }[] = [];
  const at = (level: string) => (_message: string, facts?: Facts) => void lines.push({ level, facts });
  const log: Log = { ...silentLog, info: at('info'), warn: at('warn'), error: at('error') };
  return { clock, lines, watch: new CertificateWatch({ clock, log }) };
}

test('a certificate is told once when it is loaded, and its successor when that is', () => {
  const { watch, lines } = setUp();
  watch.load([source(own)]);
  watch.load([source(own)]);
  watch.load([source(renewed)]);
  assert.deepEqual(
    lines.map(({ level, facts }) => [level, facts?.['certificate'], String(facts?.['findings']).split(':')[0]]),
    [
      ['info', 'sbc-tls', 'undefined'],
      ['warn', 'sbc-tls', 'not-for-clients'],
    ],
  );
});

test('thirty days before its end the log warns once a day, and says when it is over, without a reload', () => {
  const { watch, lines, clock } = setUp();
  watch.load([source(own)]);
  clock.advance(34 * DAY_MS);
  const levels = lines.map(({ level }) => level);
  assert.deepEqual(levels.slice(0, 4), ['info', 'info', 'info', 'warn']);
  assert.deepEqual(levels.slice(-2), ['error', 'error']);
  assert.equal(levels.length, 35);
  assert.match(String(lines[3]?.facts?.['findings']), /^expires-soon: expires in 29 days, on /);
  assert.match(String(lines.at(-1)?.facts?.['findings']), /^expired: expired on /);
  watch.close();
  assert.equal(clock.pending, 0);
});

test('report and metric follow the clock without a reload', async () => {
  const { watch, clock } = setUp();
  watch.load([source(own)]);
  const metrics = new PrometheusMetrics({ processMetrics: false });
  metrics.gaugesFrom({
    ...{ activeCalls: () => 0, transactions: () => 0, dialogs: () => 0, connections: () => 0 },
    ...{ relayAvailable: () => true, draining: () => false, overloaded: () => false, journalWritable: () => true },
    certificateExpirySeconds: () => watch.expirySeconds(),
  });
  const gauge = async () =>
    Number(/sbc_certificate_expiry_seconds\{certificate="sbc-tls"\} (\S+)/.exec(await metrics.text())?.[1]);
  const shown = () => {
    const report = { version: '1', pod: 'sbc-0', draining: false, calls: { active: 0 }, trunks: [] };
    const parsed = parseRuntimeReport(JSON.stringify({ ...report, certificates: watch.reports() }));
    assert.ok(parsed.ok);
    const [certificate] = parsed.report.certificates;
    return [certificate?.daysLeft, certificate?.findings?.map(({ code }) => code).join()];
  };
  assert.equal(await gauge(), 32 * 86_400);
  assert.deepEqual(shown(), [32, '']);
  assert.deepEqual(watch.reports()[0]?.keyUsages, ['serverAuth', 'clientAuth']);
  clock.advance(3 * DAY_MS);
  assert.equal(await gauge(), 29 * 86_400);
  assert.deepEqual(shown(), [29, 'expires-soon']);
  clock.advance(30 * DAY_MS);
  assert.equal(await gauge(), -86_400);
  assert.deepEqual(shown(), [-1, 'expired']);
});

test('a certificate with more names than a report holds is reported with the first of them, as is what it does not cover', () => {
  const { watch } = setUp();
  const names = Array.from({ length: 300 }, (_, at) => `a${at}.example.com`);
  watch.load([source(authority.issue(issuing, 'many', { ...both, names: [FQDN, ...names] }))]);
  assert.equal(watch.reports()[0]?.names.length, 256);
  const wanted = names.map((name) => `no.${name}`);
  watch.load([{ ...source(own), names: wanted }]);
  assert.equal(watch.reports()[0]?.findings?.[0]?.message.length, 4096);
});

test('a Secret that is refused is told once, and stands as a finding until it is mended', () => {
  const { watch, lines } = setUp();
  watch.load([source(own)]);
  const refused = [{ name: 'sbc-tls', problem: 'subjectAltName lacks sbc.tenant.example' }];
  watch.keepInsteadOf(refused);
  watch.keepInsteadOf([...refused]);
  assert.deepEqual(
    lines.slice(1).map(({ level, facts }) => [level, facts?.['certificate'], facts?.['problem']]),
    [['error', 'sbc-tls', 'subjectAltName lacks sbc.tenant.example']],
  );
  const findings = () => watch.reports()[0]?.findings?.map(({ code, message }) => `${code}: ${message}`);
  assert.deepEqual(findings(), [
    'renewal-refused: stays in force, for what its Secret holds now is worse: subjectAltName lacks sbc.tenant.example',
  ]);
  watch.keepInsteadOf([]);
  assert.deepEqual(findings(), []);
});
