import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificate, forClients, key } from '../../test/certificates.ts';
import { certificateFaults, certificateWarnings } from './check-certificate.ts';
import { validate } from './command-plan.ts';

const nowMs = Date.UTC(2030, 0, 1);
const secret = (crt: string, keyText: string) =>
  new Map([
    ['tls.crt', Buffer.from(crt)],
    ['tls.key', Buffer.from(keyText)],
  ]);
const entries = secret(certificate, key);

test('a certificate that works is still warned about in plain words', () => {
  assert.deepEqual(certificateFaults(entries, ['sbc-0.voice.example.com'], nowMs), []);
  assert.deepEqual(certificateWarnings(entries, nowMs), [
    {
      key: 'tls.crt',
      message:
        'the certificate has a key of type ec: the TLS 1.2 suites that Microsoft lists are for RSA keys, issue it with RSA and 2048 bits',
    },
    {
      key: 'tls.crt',
      message: 'the certificate is signed by itself: Microsoft takes certificates of public authorities only',
    },
  ]);
});

test('a certificate that ends within thirty days is warned about', () => {
  const [soon] = certificateWarnings(entries, Date.UTC(2095, 3, 20));
  assert.equal(soon?.message, 'the certificate expires in 15 days, on 2095-05-05: renew it');
});

test('a certificate that is not for servers cannot serve', () => {
  assert.deepEqual(certificateFaults(secret(forClients.certificate, forClients.key), [], nowMs), [
    {
      key: 'tls.crt',
      message: 'found a certificate that lacks the usage serverAuth: Microsoft refuses it, issue it for servers',
    },
  ]);
});

test('sbc validate prints warnings for the certificate that is there, and errors where it cannot work', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sbc-validate-'));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(
    join(directory, 'sbc.yaml'),
    `apiVersion: teams-sbc.dev/v1alpha1
kind: SbcInstance
metadata: { name: sbc }
spec:
  domain: voice.example.com
  tls: { secretRef: { name: sbc-tls } }
---
apiVersion: teams-sbc.dev/v1alpha1
kind: TeamsTrunk
metadata: { name: teams }
spec:
  sbcRef: { name: sbc }
`,
  );
  const write = (crt: string, keyText: string) => {
    const stringData = { 'tls.crt': crt, 'tls.key': keyText };
    const manifest = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'sbc-tls' },
      type: 'kubernetes.io/tls',
      stringData,
    };
    writeFileSync(join(directory, 'secret.json'), JSON.stringify(manifest));
  };
  const warnings = async () => (await validate(directory, nowMs)).lines.filter((line) => line.startsWith('warning: '));
  assert.deepEqual(await warnings(), [], 'a Secret that is elsewhere is not missed');
  write(certificate, key);
  const good = await validate(directory, nowMs);
  assert.deepEqual(good.problems, []);
  assert.match(
    (await warnings()).join('\n'),
    /^warning: \S+secret\.json:1: Secret\/sbc-tls stringData\.tls\.crt: the certificate has a key of type ec/,
  );
  write(forClients.certificate, forClients.key);
  const { problems } = await validate(directory, nowMs);
  assert.match(
    problems.join('\n'),
    /Secret\/sbc-tls stringData\.tls\.crt: found a certificate that lacks the usage serverAuth/,
  );
});
