import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { X509Certificate } from 'node:crypto';
import { Authority } from './testing/authority.ts';
import type { Issued } from './testing/authority.ts';
import { verifyPeer } from './tls-verifier.ts';
import type { CertificateRefusal, PeerRule } from './tls-verifier.ts';

const authority = new Authority();
after(() => authority.close());

const NAME = 'sip.pstnhub.microsoft.com';
const DAY_MS = 86_400_000;

const root = authority.selfSigned('Root');
const stranger = authority.selfSigned('Stranger');
const issuing = authority.issue(root, 'Issuing', { isAuthority: true });
const shortIssuing = authority.issue(root, 'Short Issuing', { isAuthority: true, days: 30 });
const strangerIssuing = authority.issue(stranger, 'Stranger Issuing', { isAuthority: true });
const both = { names: [NAME], purposes: 'serverAuth,clientAuth' } as const;
const leaf = {
  both: authority.issue(issuing, 'leaf', both),
  serverOnly: authority.issue(issuing, 'leaf', { names: [NAME], purposes: 'serverAuth' }),
  clientOnly: authority.issue(issuing, 'leaf', { names: [NAME], purposes: 'clientAuth' }),
  noPurpose: authority.issue(issuing, 'leaf', { names: [NAME] }),
  codeSigning: authority.issue(issuing, 'leaf', { names: [NAME], purposes: 'codeSigning' }),
  commonNameOnly: authority.issue(issuing, NAME),
  wildcard: authority.issue(issuing, 'leaf', { names: ['*.pstnhub.microsoft.com'] }),
  address: authority.issue(issuing, 'leaf', { names: ['127.77.1.1'] }),
  ofShortIssuing: authority.issue(shortIssuing, 'leaf', both),
  ofStranger: authority.issue(strangerIssuing, 'leaf', both),
  ofRoot: authority.issue(root, 'leaf', both),
};
const pinned = authority.selfSigned('pinned', { names: [NAME] });
const pinnedAuthority = authority.selfSigned('pinned authority', { names: [NAME], isAuthority: true });
// Signed by a certificate that is no CA, the oldest forgery there is.
const forged = authority.issue(leaf.both, 'forged', both);
const nowMs = leaf.both.x509.validFromDate.getTime() + DAY_MS;

interface Case {
  chain: readonly Issued[];
  is: 'ok' | CertificateRefusal;
  rule?: Partial<PeerRule>;
  afterDays?: number;
}

const teams: PeerRule = { roots: [root.x509], names: [NAME], role: 'client', acceptServerAuthFromClient: true };
const pbx = { acceptServerAuthFromClient: false };
const dialled = { role: 'server', acceptServerAuthFromClient: false } as const;

const cases: Record<string, Case> = {
  'Teams with serverAuth alone is trusted when it dials us': { chain: [leaf.serverOnly, issuing], is: 'ok' },
  'Teams with both purposes is trusted': { chain: [leaf.both, issuing], is: 'ok' },
  'Teams without a purpose is trusted': { chain: [leaf.noPurpose, issuing], is: 'ok' },
  'a PBX with serverAuth alone is refused when it dials us': {
    chain: [leaf.serverOnly, issuing],
    rule: pbx,
    is: 'wrong-purpose',
  },
  'a PBX with clientAuth alone is trusted when it dials us': { chain: [leaf.clientOnly, issuing], rule: pbx, is: 'ok' },
  'a PBX without a purpose is trusted': { chain: [leaf.noPurpose, issuing], rule: pbx, is: 'ok' },
  'a server that we dial may have serverAuth alone': { chain: [leaf.serverOnly, issuing], rule: dialled, is: 'ok' },
  'a server that we dial must not have clientAuth alone': {
    chain: [leaf.clientOnly, issuing],
    rule: dialled,
    is: 'wrong-purpose',
  },
  'a certificate for signing code is refused, of Teams as well': {
    chain: [leaf.codeSigning, issuing],
    is: 'wrong-purpose',
  },
  'a peer without a certificate is refused': { chain: [], is: 'no-certificate' },
  'a chain under an unknown root is refused': { chain: [leaf.ofStranger, strangerIssuing], is: 'untrusted-root' },
  'an unknown root that is sent along does not become trusted': {
    chain: [leaf.ofStranger, strangerIssuing, stranger],
    is: 'untrusted-root',
  },
  'a trusted root that is sent along vouches for nobody else': {
    chain: [leaf.ofStranger, strangerIssuing, root],
    is: 'untrusted-root',
  },
  'a missing intermediate is an untrusted root': { chain: [leaf.both], is: 'untrusted-root' },
  'an order that differs from the path is fine': { chain: [leaf.both, stranger, root, issuing], is: 'ok' },
  'a leaf right below the root is trusted': { chain: [leaf.ofRoot], is: 'ok' },
  'a leaf that is a CA is refused': { chain: [issuing], is: 'leaf-is-ca' },
  'an unknown self-signed CA is refused': { chain: [stranger], is: 'leaf-is-ca' },
  'an unknown self-signed leaf is refused': { chain: [pinned], is: 'untrusted-root' },
  'a self-signed leaf that stands in the bundle is trusted': {
    chain: [pinned],
    rule: { roots: [root.x509, pinned.x509] },
    is: 'ok',
  },
  'a self-signed CA that stands in the bundle is trusted as itself': {
    chain: [pinnedAuthority],
    rule: { roots: [pinnedAuthority.x509] },
    is: 'ok',
  },
  'a pinned leaf signs for nobody': { chain: [forged], rule: { roots: [leaf.both.x509] }, is: 'untrusted-root' },
  'a leaf that signs another is no authority': { chain: [forged, leaf.both, issuing], is: 'untrusted-root' },
  'an expired leaf is refused': { chain: [leaf.both, issuing], afterDays: 100, is: 'expired' },
  'an expired intermediate is refused': { chain: [leaf.ofShortIssuing, shortIssuing], afterDays: 40, is: 'expired' },
  'a certificate of tomorrow is refused': { chain: [leaf.both, issuing], afterDays: -2, is: 'not-yet-valid' },
  'another name is refused': { chain: [leaf.both, issuing], rule: { names: ['sip.example.com'] }, is: 'name-mismatch' },
  'one of several names is enough': {
    chain: [leaf.both, issuing],
    rule: { names: ['sip.example.com', NAME] },
    is: 'ok',
  },
  'names are compared without regard to case': {
    chain: [leaf.both, issuing],
    rule: { names: [NAME.toUpperCase()] },
    is: 'ok',
  },
  'a name in the subject alone does not count': { chain: [leaf.commonNameOnly, issuing], is: 'name-mismatch' },
  'a wildcard stands for one label': { chain: [leaf.wildcard, issuing], is: 'ok' },
  'a wildcard does not stand for two labels': {
    chain: [leaf.wildcard, issuing],
    rule: { names: ['a.sip.pstnhub.microsoft.com'] },
    is: 'name-mismatch',
  },
  'an address is looked for among addresses': {
    chain: [leaf.address, issuing],
    rule: { names: ['127.77.1.1'] },
    is: 'ok',
  },
  'another address is refused': {
    chain: [leaf.address, issuing],
    rule: { names: ['127.77.1.2'] },
    is: 'name-mismatch',
  },
  'no roots trust nobody': { chain: [leaf.both, issuing, root], rule: { roots: [] }, is: 'untrusted-root' },
  'no names let nobody in': { chain: [leaf.both, issuing], rule: { names: [] }, is: 'name-mismatch' },
};

for (const [name, { chain, is, rule, afterDays }] of Object.entries(cases)) {
  test(name, () => {
    const certificates: X509Certificate[] = chain.map(({ x509 }) => x509);
    assert.equal(verifyPeer(certificates, { ...teams, ...rule }, nowMs + (afterDays ?? 0) * DAY_MS), is);
  });
}

test('an authority that may sign leaves only makes no other authority', () => {
  const constrained = authority.issue(root, 'Constrained', { isAuthority: true, pathLength: 0 });
  const below = authority.issue(constrained, 'Below', { isAuthority: true });
  const verdict = (...chain: Issued[]) =>
    verifyPeer(
      chain.map(({ x509 }) => x509),
      teams,
      nowMs,
    );
  assert.equal(verdict(authority.issue(constrained, 'leaf', both), constrained), 'ok');
  assert.equal(verdict(authority.issue(below, 'leaf', both), below, constrained), 'too-deep');
  const constrainedRoot = authority.selfSigned('Constrained Root', { isAuthority: true, pathLength: 1 });
  const first = authority.issue(constrainedRoot, 'First', { isAuthority: true });
  const second = authority.issue(first, 'Second', { isAuthority: true });
  const rule = { ...teams, roots: [constrainedRoot.x509] };
  const chainOf = (...chain: Issued[]) => chain.map(({ x509 }) => x509);
  assert.equal(verifyPeer(chainOf(authority.issue(first, 'leaf', both), first), rule, nowMs), 'ok');
  assert.equal(verifyPeer(chainOf(authority.issue(second, 'leaf', both), second, first), rule, nowMs), 'too-deep');
});

test('a path longer than eight certificates is too deep', () => {
  let issuer = root;
  const path: Issued[] = [];
  for (let depth = 0; depth < 8; depth++) {
    issuer = authority.issue(issuer, `Level ${depth}`, { isAuthority: true });
    path.unshift(issuer);
  }
  const deep = authority.issue(issuer, 'deep', both);
  const chain = [deep, ...path].map(({ x509 }) => x509);
  assert.equal(verifyPeer(chain, teams, nowMs), 'too-deep');
  assert.equal(verifyPeer(chain, { ...teams, roots: [path[1]!.x509] }, nowMs), 'ok');
});
