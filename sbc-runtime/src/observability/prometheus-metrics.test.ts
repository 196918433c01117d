import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PrometheusMetrics } from './prometheus-metrics.ts';
import type { GaugeSources } from './prometheus-metrics.ts';

const setUp = () => new PrometheusMetrics({ processMetrics: false });
const linesOf = async (metrics: PrometheusMetrics, name: string) =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(name));
const sources: GaugeSources = {
  activeCalls: () => 3,
  transactions: () => 4,
  dialogs: () => 6,
  connections: () => 2,
  relayAvailable: () => true,
  draining: () => false,
  overloaded: () => false,
  journalWritable: () => true,
  certificateExpirySeconds: () => [['sbc-tls', 86_400.5]],
};

describe('The metrics', () => {
  it('count messages by protocol and kind, from zero on', async () => {
    const metrics = setUp();
    metrics.messageReceived('TLS', 'INVITE');
    metrics.messageReceived('TLS', 'INVITE');
    metrics.messageSent('UDP', '2xx');
    const received = await linesOf(metrics, 'sbc_sip_messages_received_total{');
    assert.ok(received.includes('sbc_sip_messages_received_total{protocol="TLS",kind="INVITE"} 2'));
    assert.ok(received.includes('sbc_sip_messages_received_total{protocol="UDP",kind="BYE"} 0'));
    assert.ok(
      (await linesOf(metrics, 'sbc_sip_messages_sent_total{')).includes(
        'sbc_sip_messages_sent_total{protocol="UDP",kind="2xx"} 1',
      ),
    );
  });

  it('count methods that nobody knows together: a peer cannot make new series', async () => {
    const metrics = setUp();
    const before = (await linesOf(metrics, 'sbc_')).length;
    for (let index = 0; index < 1000; index += 1) metrics.messageReceived('UDP', `METHOD${index}`);
    assert.equal((await linesOf(metrics, 'sbc_')).length, before);
    assert.ok(
      (await linesOf(metrics, 'sbc_sip_messages_received')).includes(
        'sbc_sip_messages_received_total{protocol="UDP",kind="other"} 1000',
      ),
    );
  });

  it('count further label values together where there are too many', async () => {
    const metrics = setUp();
    for (let index = 0; index < 2000; index += 1) metrics.optionsAnswered(`trunk-${index}`, 'host', 200);
    const lines = await linesOf(metrics, 'sbc_options_answered_total{');
    assert.equal(lines.length, 501);
    assert.ok(lines.includes('sbc_options_answered_total{trunk="other",host="other",status="other"} 1500'));
  });

  it('give the same figures when they are read again', async () => {
    const metrics = setUp();
    metrics.refused('UDP', 'malformed');
    assert.equal(await metrics.text(), await metrics.text());
  });

  it('tell how calls began, rang and ended', async () => {
    const metrics = setUp();
    metrics.callStarted('teams-to-pbx');
    metrics.callRang('teams-to-pbx', 700);
    metrics.callEnded('teams-to-pbx', 'success', 'normal-clearing', 61_000);
    const text = await metrics.text();
    for (const line of [
      'sbc_calls_started_total{direction="teams-to-pbx"} 1',
      'sbc_calls_ended_total{direction="teams-to-pbx",result="success",reason="normal-clearing"} 1',
      'sbc_call_duration_seconds_sum{direction="teams-to-pbx"} 61',
      'sbc_call_ring_delay_seconds_bucket{le="0.5",direction="teams-to-pbx"} 0',
      'sbc_call_ring_delay_seconds_bucket{le="1",direction="teams-to-pbx"} 1',
    ]) assert.ok(text.includes(line), line); // prettier-ignore
  });

  it('count everything else that the port names', async () => {
    const metrics = setUp();
    metrics.refused('UDP', 'malformed');
    metrics.connectionOpened('TLS', 'accepted');
    metrics.connectionClosed('TLS', 'dialled');
    metrics.certificateRefused('expired');
    metrics.retransmission('INVITE');
    metrics.relayRequest('offer', 'ok', 2);
    metrics.optionsAnswered('teams', 'sip.example.com', 200);
    metrics.documentLoaded(false);
    const text = await metrics.text();
    for (const line of [
      'sbc_refused_total{protocol="UDP",reason="malformed"} 1',
      'sbc_connections_opened_total{protocol="TLS",direction="accepted"} 1',
      'sbc_connections_closed_total{protocol="TLS",direction="dialled"} 1',
      'sbc_peer_certificates_refused_total{reason="expired"} 1',
      'sbc_sip_retransmissions_total{kind="INVITE"} 1',
      'sbc_relay_requests_total{verb="offer",outcome="ok"} 1',
      'sbc_relay_request_duration_seconds_sum{verb="offer"} 0.002',
      'sbc_options_answered_total{trunk="teams",host="sip.example.com",status="200"} 1',
      'sbc_routing_documents_total{accepted="false"} 1',
    ]) assert.ok(text.includes(line), line); // prettier-ignore
  });

  it('ask for states when they are read', async () => {
    const metrics = setUp();
    let calls = 3;
    metrics.gaugesFrom({ ...sources, activeCalls: () => calls });
    assert.deepEqual(await linesOf(metrics, 'sbc_calls_active'), ['sbc_calls_active 3']);
    calls = 0;
    const text = await metrics.text();
    for (const line of [
      'sbc_calls_active 0',
      'sbc_transactions_active 4',
      'sbc_dialogs_active 6',
      'sbc_connections_open 2',
      'sbc_relay_available 1',
      'sbc_draining 0',
      'sbc_certificate_expiry_seconds{certificate="sbc-tls"} 86400.5',
    ]) assert.ok(text.includes(line), line); // prettier-ignore
  });

  it('include the process and its event loop, unless told not to', async () => {
    const text = await new PrometheusMetrics().text();
    assert.match(text, /^process_cpu_user_seconds_total /m);
    assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m);
    assert.doesNotMatch(await setUp().text(), /^process_/m);
  });
});
