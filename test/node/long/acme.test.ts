/** A certificate by ACME, proven in DNS, as with Let's Encrypt: issued, presented to Microsoft, renewed under a call. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { shownBy } from '../../cluster/certificate/pod-tls.ts';
import { until } from '../../cluster/kit/until.ts';
import { nowMs } from '../../kit/held-calls/media-words.ts';
import { AcmeAuthority } from '../kit/acme-authority.ts';
import { figure } from '../kit/figure.ts';
import { renewCertificate } from '../kit/renew-certificate.ts';
import { DOMAIN } from '../kit/voice-manifests.ts';
import { VoiceStage } from '../kit/voice-stage.ts';

const FQDN = `sbc-0.${DOMAIN}`;
/** Of which cert-manager itself waits one minute: the TTL of the record that it wrote. */
const IN_FORCE_MS = 120_000;

let stage: VoiceStage;
let authority: AcmeAuthority;
before(async () => {
  const directory = mkdtempSync(join(tmpdir(), 'acme-'));
  authority = await AcmeAuthority.start({ directory, domain: DOMAIN });
  stage = await VoiceStage.raise({ name: 'acme', clusterIssuer: 'letsencrypt' });
  // Microsoft trusts it as one of its program; its own certificate is of another.
  stage.simulator.renew({ trust: `${stage.pki.root}${authority.root}` });
});
after(async () => {
  await (stage as VoiceStage | undefined)?.stop();
  await (authority as AcmeAuthority | undefined)?.stop();
});

const shown = async () => shownBy((await stage.pod()).status.podIP as string, FQDN, await stage.pki.microsoft());

/** What the Secret holds: leaf and intermediates. */
async function held(): Promise<X509Certificate[]> {
  const { data } = await stage.objects.get('secrets', 'sbc-tls');
  const chain = Buffer.from(data['tls.crt'] as string, 'base64').toString();
  return (chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem));
}

test('a ClusterIssuer with DNS-01 gives the instance its certificate, before the name has an address, and Teams takes it', async (t) => {
  await stage.cluster.controlPlane.apply(authority.manifests('letsencrypt'));
  const fromMs = nowMs();
  const issued = async () => {
    await stage.objects.says('sbcinstances', 'sbc', 'CertificateReady', 'True Valid', IN_FORCE_MS);
    figure(t, { event: 'certificate by ACME and DNS-01', issuedMs: nowMs() - fromMs });
  };
  await Promise.all([stage.apply({}, IN_FORCE_MS), issued()]);
  const [leaf, intermediate] = await held();
  assert.ok(leaf);
  assert.ok(leaf.checkHost(FQDN));
  assert.match(leaf.issuer, /Pebble Intermediate/);
  assert.ok(intermediate && leaf.checkIssued(intermediate));
  assert.ok(intermediate.checkIssued(new X509Certificate(authority.root)));
  assert.equal(await shown(), leaf.serialNumber);
});

test('it is renewed under a call, which goes on; new connections get the new one', async (t) => {
  const calls = await stage.hold('teams', 2);
  const [before, fromMs] = [await shown(), nowMs()];
  await renewCertificate(stage.cluster.controlPlane, 'voice', 'sbc-tls');
  await until(async () => (await shown()) !== before, { what: 'the new certificate', withinMs: IN_FORCE_MS });
  const { maxMs, unexplainedSilence, ownLatenessMs } = await calls.gaps(fromMs);
  const took = { renewedMs: nowMs() - fromMs, maxGapMs: maxMs, ownLatenessMs };
  figure(t, { event: 'certificate renewed by ACME', ...took });
  const [leaf] = await held();
  assert.equal(await shown(), leaf?.serialNumber);
  assert.equal(unexplainedSilence, 0);
  assert.deepEqual(await calls.hangUp({ by: 'teams' }), [200, 200]);
  assert.equal(await calls.areOver(), true);
  await stage.objects.says('teamstrunks', 'teams', 'Reachable', 'True Reachable');
});

test('nothing is left of the challenges, in the cluster and in DNS', async () => {
  const challenges = () => stage.cluster.controlPlane.kubectl('get', 'challenges', '--all-namespaces', '-o', 'name');
  // A finalizer takes the record away: only then they go, after the certificate was there.
  await until(async () => (await challenges()).trim() === '', { what: 'no challenges' });
  await until(async () => (await authority.recordsOf(`_acme-challenge.${FQDN}`)).length === 0, { what: 'no records' });
});
