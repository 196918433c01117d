import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { sharedPki } from '../kit/pki.ts';

const pki = await sharedPki();
const root = new X509Certificate(pki.root);
const read = (pem: string) => new X509Certificate(pem);

test('the certificate of the SBC covers its FQDN and one label below it', async () => {
  const leaf = read((await pki.sbc('sbc-0.example.com')).certificate);
  assert.equal(leaf.checkHost('sbc-0.example.com'), 'sbc-0.example.com');
  assert.equal(leaf.checkHost('customer1.sbc-0.example.com'), '*.sbc-0.example.com');
  assert.equal(leaf.verify(root.publicKey), true);
});

test("Microsoft's newest certificates carry serverAuth only", async () => {
  const leaf = read((await pki.microsoftServerAuthOnly()).certificate);
  assert.deepEqual(leaf.toLegacyObject().ext_key_usage, ['1.3.6.1.5.5.7.3.1']);
});

test('a rogue root has the name of the trusted one, but not its key', async () => {
  const leaf = read((await pki.rogueMicrosoft()).certificate);
  assert.equal(leaf.issuer, root.subject);
  assert.equal(leaf.verify(root.publicKey), false);
});

test('an expired certificate ended yesterday', async () => {
  const leaf = read((await pki.expiredMicrosoft()).certificate);
  assert.ok(leaf.validToDate.getTime() < Date.now());
  assert.equal(leaf.verify(root.publicKey), true);
});

test('the same request is answered with the same certificate', async () => {
  assert.equal(await pki.wrongName(), await pki.wrongName());
});
