import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { judgeCertificate, readChain } from '@teams-sbc/crds/runtime';
import { Authority, type Issued } from './transport/testing/authority.ts';

const authority = new Authority();
after(() => authority.close());

const FQDN = 'sbc-0.voice.example.com';
const DAY_MS = 86_400_000;
const both = { names: [FQDN, `*.${FQDN}`], purposes: 'serverAuth,clientAuth', key: 'RSA-2048', days: 90 } as const;
const root = authority.selfSigned('Root');
const issuing = authority.issue(root, 'Issuing', { isAuthority: true });
const below = authority.issue(issuing, 'Below', { isAuthority: true });
const good = authority.issue(issuing, 'good', both);
const deep = authority.issue(below, 'deep', both);
const nowMs = good.x509.validFromDate.getTime() + DAY_MS;

interface Case {
  readonly chain: readonly Issued[];
  readonly is: readonly string[];
  readonly names?: readonly string[];
  readonly afterDays?: number;
}

const cases: Record<string, Case> = {
  'a certificate with its intermediate, for servers and clients, has nothing wrong': { chain: [good, issuing], is: [] },
  'its intermediates may stand in any order': { chain: [deep, issuing, below], is: [] },
  'a root at the end of the file does no harm': { chain: [good, issuing, root], is: [] },
  'thirty days and a moment before its end nothing is said': { chain: [good, issuing], afterDays: 58.9, is: [] },
  'within thirty days of its end it warns': { chain: [good, issuing], afterDays: 59.1, is: ['warning expires-soon'] },
  'after its end it is an error': { chain: [good, issuing], afterDays: 90, is: ['error expired'] },
  'before its beginning it is an error': { chain: [good, issuing], afterDays: -2, is: ['error not-yet-valid'] },
  'a certificate that is not for servers is an error': {
    chain: [authority.issue(issuing, 'for clients', { ...both, purposes: 'clientAuth' }), issuing],
    is: ['error not-for-servers'],
  },
  'one that is not for clients is a warning: Microsoft may ask for it again': {
    chain: [authority.issue(issuing, 'for servers', { ...both, purposes: 'serverAuth' }), issuing],
    is: ['warning not-for-clients'],
  },
  'a certificate that says nothing of its use may be used as both': {
    chain: [authority.issue(issuing, 'for all', { names: both.names, key: 'RSA-2048' }), issuing],
    is: [],
  },
  'a key that is not RSA is a warning': {
    chain: [authority.issue(issuing, 'elliptic', { ...both, key: 'P-256' }), issuing],
    is: ['warning key-not-rsa'],
  },
  'an RSA key of fewer than 2048 bits is an error': {
    chain: [authority.issue(issuing, 'small', { ...both, key: 'RSA-1024' }), issuing],
    is: ['error key-too-small'],
  },
  'a leaf alone comes without its intermediate': { chain: [good], is: ['warning chain-incomplete'] },
  'a gap between the intermediates is found': { chain: [deep, issuing], is: ['warning chain-incomplete'] },
  'intermediates of somebody else do not help': { chain: [good, below], is: ['warning chain-incomplete'] },
  'an issuer without a name is as good as another': {
    chain: [authority.issue(authority.selfSigned('', { isAuthority: true }), 'of nobody', both)],
    is: ['warning chain-incomplete'],
  },
  'a certificate that is signed by itself is a warning': {
    chain: [authority.selfSigned('itself', both)],
    is: ['warning self-signed'],
  },
  'a wildcard covers one label': { chain: [good, issuing], names: [`customer.${FQDN}`], is: [] },
  'a wildcard does not cover two labels': {
    chain: [good, issuing],
    names: [`a.customer.${FQDN}`],
    is: ['error name-not-covered'],
  },
  'no certificate, no finding': { chain: [], is: [] },
};

for (const [name, { chain, is, names = [FQDN], afterDays = 0 }] of Object.entries(cases)) {
  test(name, () => {
    const read = readChain(chain.map(({ pem }) => pem).join(''));
    const findings = judgeCertificate(read, names, nowMs + afterDays * DAY_MS);
    assert.deepEqual(
      findings.map(({ severity, code }) => `${severity} ${code}`),
      is,
    );
  });
}

test('findings are sentences that say what to do', () => {
  const [found] = judgeCertificate([good.x509, issuing.x509], [FQDN], good.x509.validToDate.getTime() - 12.5 * DAY_MS);
  const last = good.x509.validToDate.toISOString().slice(0, 10);
  assert.equal(found?.message, `expires in 12 days, on ${last}: renew it`);
  const [incomplete] = judgeCertificate([good.x509], [FQDN], nowMs);
  assert.match(incomplete?.message ?? '', /\(CN=Issuing\).*put all intermediates behind the leaf in tls\.crt/);
});
